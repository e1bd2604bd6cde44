using System.Net;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Http2;
using DistBp.Cluster.Wire.Tensors;
using Google.Protobuf;

namespace DistBp.Cluster.Tests.Wire.Tensors;

/// <summary>The lean client connection against Kestrel.</summary>
public sealed class ChunkStreamTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60));
    private GrpcServer _server = null!;

    public async Task InitializeAsync()
        => _server = await GrpcServer.StartAsync(new(IPAddress.Loopback, 0), GrpcLimits.Default, LinkService.AddTo, e => Assert.Fail(e.ToString()));

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _patience.Dispose();
    }

    [Fact]
    public async Task Chunks_of_every_size_come_back_as_they_were()
    {
        await using ChunkStream stream = await OpenAsync();
        var random = new Random(3);
        foreach (int length in (int[])[0, 1, 999, 65_536, 262_144, 262_145, 3_000_000, LinkService.MaxPayloadBytes])
        {
            var payload = new byte[length];
            random.NextBytes(payload);
            Task sending = stream.WriteAsync(3, (ulong)length, payload, _patience.Token).AsTask();
            ChunkHead head = (await stream.ReadHeadAsync(_patience.Token))!.Value;
            Assert.Equal((3u, (ulong)length, length), (head.Tensor, head.OffsetBytes, head.PayloadBytes));
            var received = new byte[length];
            await stream.ReadPayloadAsync(received, _patience.Token);
            await sending;
            Assert.True(payload.AsSpan().SequenceEqual(received));
        }
        await stream.CompleteAsync(_patience.Token);
        Assert.Null(await stream.ReadHeadAsync(_patience.Token));
    }

    [Fact]
    public async Task More_than_all_windows_goes_through()
    {
        await using ChunkStream stream = await OpenAsync();
        const int count = 100;
        var payload = new byte[1 << 20];
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < count; i++) await stream.WriteAsync((uint)i, 0, payload, _patience.Token);
            await stream.CompleteAsync(_patience.Token);
        });
        for (uint i = 0; i < count; i++)
        {
            Assert.Equal(i, (await stream.ReadHeadAsync(_patience.Token))!.Value.Tensor);
            await stream.ReadPayloadAsync(payload, _patience.Token);
        }
        Assert.Null(await stream.ReadHeadAsync(_patience.Token));
        await sending;
    }

    [Fact]
    public async Task A_changed_payload_is_DATA_LOSS_and_names_the_bytes()
    {
        await using Http2Call call = await CallAsync();
        byte[] message = new TensorChunk { Checksum = 1, Tensor = 5, Offset = 64, Payload = ByteString.CopyFrom(1, 2, 3, 4) }.ToByteArray();
        await call.WriteAsync(new byte[] { 0, 0, 0, 0, (byte)message.Length }, message, _patience.Token);
        RpcException e = await EndAsync(call);
        Assert.Equal(StatusCode.DataLoss, e.Status);
        Assert.Contains("tensor 5, bytes 64..68", e.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chunk_above_the_limit_is_refused_before_its_bytes_come()
    {
        await using Http2Call call = await CallAsync();
        await call.WriteAsync(new byte[] { 0, 0x7F, 0, 0, 0 }, default, _patience.Token);
        Assert.Equal(StatusCode.ResourceExhausted, (await EndAsync(call)).Status);
    }

    [Fact]
    public async Task A_stream_that_ends_inside_a_chunk_is_an_error()
    {
        await using Http2Call call = await CallAsync();
        await call.WriteAsync(new byte[] { 0, 0, 0, 0, 100, 0x0D }, default, _patience.Token);
        await call.CompleteAsync(_patience.Token);
        RpcException e = await EndAsync(call);
        Assert.Equal(StatusCode.Internal, e.Status);
    }

    [Fact]
    public async Task An_unknown_method_is_UNIMPLEMENTED()
    {
        await using Http2Call call = await CallAsync("/distbp.v1.Link/None");
        Assert.Equal(StatusCode.Unimplemented, (await EndAsync(call)).Status);
    }

    [Fact]
    public async Task A_server_that_goes_away_is_UNAVAILABLE_and_nobody_is_there_afterwards()
    {
        ChunkStream stream = await OpenAsync();
        await stream.WriteAsync(0, 0, new byte[10], _patience.Token);
        await stream.ReadHeadAsync(_patience.Token);
        await stream.ReadPayloadAsync(new byte[10], _patience.Token);
        ValueTask<ChunkHead?> reading = stream.ReadHeadAsync(_patience.Token);
        await _server.StopAsync(TimeSpan.Zero);
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await reading);
        Assert.True(e.Status is StatusCode.Unavailable or StatusCode.Cancelled or StatusCode.Internal, e.Message);
        await stream.DisposeAsync();
        e = await Assert.ThrowsAsync<RpcException>(OpenAsync);
        Assert.Equal(StatusCode.Unavailable, e.Status);
        Assert.Contains(_server.Address.ToString(), e.Detail, StringComparison.Ordinal);
    }

    private async Task<ChunkStream> OpenAsync() => new(await CallAsync(), LinkService.MaxPayloadBytes);

    private Task<Http2Call> CallAsync(string? path = null)
        => Http2Call.StartAsync(_server.Address, path ?? LinkService.EchoPath, Metadata.Empty, GrpcLimits.Default, _patience.Token);

    private async Task<RpcException> EndAsync(Http2Call call) => await Assert.ThrowsAsync<RpcException>(async () =>
    {
        while (await call.ReadAsync(new byte[100], _patience.Token) > 0)
        {
        }
    });
}
