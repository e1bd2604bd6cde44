using System.Buffers.Binary;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Http2;
using DistBp.Cluster.Wire.Members;
using DistBp.Cluster.Wire.Tensors;
using Google.Protobuf;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Tests.Wire.Members;

/// <summary>What a peer sends that it should not: the stream ends with a status that says so, and nothing is delivered.</summary>
/// <param name="asksLean">Over a connection that a lean server takes, or one of Kestrel's.</param>
public abstract class DeliveryStreamTests(bool asksLean) : IAsyncLifetime
{
    private static readonly DeliveryLimits s_limits = new(MaxEnvelopeBytes: 1000, MaxChunkBytes: 2000, MaxOpenTensors: 4, MaxOpenBytes: 10_000);
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60));
    private readonly RecordingHost _host = new();
    private GrpcServer _server = null!;

    public async Task InitializeAsync() => _server = await _host.StartAsync(s_limits);

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _patience.Dispose();
        Assert.True(_host.Bugs.IsEmpty, string.Join("\n", _host.Bugs));
    }

    [Fact]
    public Task A_wrong_checksum_is_DATA_LOSS()
    {
        Contract.Delivery chunk = Chunk(1, 0, 100);
        chunk.Checksum++;
        return RefusedAsync(StatusCode.DataLoss, "tensor 1, bytes 0..100", [Envelope((1, 100)), chunk]);
    }

    [Theory]
    [InlineData(0ul, 101)]
    [InlineData(1ul, 100)]
    [InlineData(101ul, 0)]
    [InlineData(ulong.MaxValue, 1)]
    [InlineData(ulong.MaxValue - 50, 100)]
    public Task A_chunk_out_of_range_is_refused(ulong offset, int count)
        => RefusedAsync(StatusCode.OutOfRange, "is outside its 100 bytes", [Envelope((1, 100)), Chunk(1, offset, count)]);

    [Fact]
    public Task Bytes_that_come_twice_are_refused()
        => RefusedAsync(StatusCode.OutOfRange, "come twice", [Envelope((1, 100)), Chunk(1, 10, 40), Chunk(1, 40, 20)]);

    [Fact]
    public Task A_chunk_of_a_tensor_that_was_not_announced_is_refused()
        => RefusedAsync(StatusCode.NotFound, "the tensor 2 was not announced", [Envelope((1, 100)), Chunk(2, 0, 100)]);

    [Fact]
    public Task An_empty_delivery_is_refused() => RefusedAsync(StatusCode.NotFound, "the tensor 0", [new()]);

    [Fact]
    public Task An_envelope_above_the_limit_is_refused()
    {
        Contract.Delivery large = Envelope();
        large.Envelope.PushGradient = new() { Sums = { new double[200] } };
        return RefusedAsync(StatusCode.ResourceExhausted, "longer than the limit of 1000", [large]);
    }

    [Fact]
    public Task A_chunk_above_the_limit_is_refused()
        => RefusedAsync(StatusCode.ResourceExhausted, "the limit of 2000", [Envelope((1, 5000)), Chunk(1, 0, 3000)]);

    [Fact]
    public Task More_bytes_than_the_limit_are_not_announced()
        => RefusedAsync(StatusCode.ResourceExhausted, "the limit of 10000", [Announcement((1, 6000)), Announcement((2, 6000))]);

    [Fact]
    public Task A_tensor_longer_than_any_memory_is_refused()
        => RefusedAsync(StatusCode.ResourceExhausted, "18446744073709551615", [Envelope((1, ulong.MaxValue))]);

    [Fact]
    public Task More_tensors_than_the_limit_are_not_announced()
        => RefusedAsync(StatusCode.ResourceExhausted, "4 tensors", [Announcement((1, 1), (2, 1), (3, 1), (4, 1), (5, 1))]);

    [Fact]
    public Task A_tensor_is_not_announced_twice() => RefusedAsync(StatusCode.Internal, "announced twice", [Announcement((1, 1)), Announcement((1, 1))]);

    [Fact]
    public Task A_tensor_does_not_stand_twice_in_an_envelope() => RefusedAsync(StatusCode.Internal, "not as it was announced", [Envelope((1, 1), (1, 1))]);

    [Fact]
    public Task An_announced_tensor_does_not_change_its_length()
        => RefusedAsync(StatusCode.Internal, "not as it was announced", [Announcement((1, 10)), Envelope((1, 11))]);

    [Fact]
    public Task An_envelope_waits_for_the_tensors_of_the_one_before()
        => RefusedAsync(StatusCode.Internal, "while 1 tensors of", [Envelope((1, 100)), Envelope((2, 100))]);

    [Fact]
    public Task What_was_not_announced_cannot_be_abandoned()
        => RefusedAsync(StatusCode.NotFound, "the tensor 7", [new() { Abandonment = new() { Tensors = { 7 } } }]);

    [Fact]
    public async Task The_rest_of_a_tensor_whose_place_is_anothers_by_now_is_not_written()
    {
        int asked = 0;
        _host.Void = _ => ++asked > 1;
        await using Http2Call call = await CallAsync();
        await call.WriteAsync(Bytes([Envelope((1, 100)), Chunk(1, 0, 50), Chunk(1, 50, 50)]), default, _patience.Token);
        (_, TensorBytes[] tensors) = await _host.NextAsync(_patience.Token);
        ReadOnlySpan<byte> received = tensors[0].Bytes.Span;
        Assert.True(received[..50].ContainsAnyExcept((byte)0));
        Assert.False(received[50..].ContainsAnyExcept((byte)0));
    }

    [Fact]
    public async Task Bytes_that_are_no_message_are_refused()
    {
        await RefusedAsync(StatusCode.Internal, "malformed", [0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF]);
        await RefusedAsync(StatusCode.Internal, "malformed", [0, 0, 0, 0, 3, 0x22, 0x10, 0xFF]);
        await RefusedAsync(StatusCode.Internal, "compressed", [1, 0, 0, 0, 3, 0x22, 0x10, 0xFF]);
        await RefusedAsync(StatusCode.ResourceExhausted, "limit", [0, 0xFF, 0xFF, 0xFF, 0xFF, 0x22]);
    }

    [Fact]
    public async Task A_stream_that_ends_inside_a_message_is_refused()
    {
        await RefusedAsync(StatusCode.Internal, "ended inside", Bytes([Envelope((1, 100)), Chunk(1, 0, 50)]), completes: true);
        await RefusedAsync(StatusCode.Internal, "ended inside", Bytes([Envelope()])[..^1], completes: true);
        await RefusedAsync(StatusCode.Internal, "ended inside", Bytes([Envelope((1, 100)), Chunk(1, 0, 50)])[..^1], completes: true);
    }

    [Fact]
    public async Task Bytes_may_come_in_any_pieces()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            byte[] bytes = Bytes([Envelope((1, 100), (2, 700)), Chunk(1, 0, 100), Chunk(2, 200, 500), Chunk(2, 0, 200), Envelope(), Announcement((3, 10)), Chunk(3, 0, 10), Envelope((3, 10))]);
            var random = new Random(seed);
            await using Http2Call call = await CallAsync();
            for (int at = 0, count; at < bytes.Length; at += count)
            {
                count = Math.Min(bytes.Length - at, random.Next(1, 60));
                await call.WriteAsync(bytes.AsMemory(at, count), default, _patience.Token);
            }
            int[] lengths = [.. (await _host.NextAsync(_patience.Token)).Tensors.Select(t => (int)t.ByteCount)];
            Assert.True(lengths is [100, 700], $"seed {seed}");
            Assert.Empty((await _host.NextAsync(_patience.Token)).Tensors);
            Assert.Equal(10, (await _host.NextAsync(_patience.Token)).Tensors.Single().ByteCount);
        }
    }

    [Fact]
    public async Task Random_bytes_end_the_stream_and_never_the_server()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            byte[] bytes = Bytes([Envelope((1, 100)), Chunk(1, 0, 100), Envelope(), Announcement((2, 10)), Chunk(2, 0, 5)]);
            var random = new Random(seed);
            for (int i = 0; i < 3; i++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            await using Http2Call call = await CallAsync();
            await call.WriteAsync(bytes, default, _patience.Token);
            await call.CompleteAsync(_patience.Token);
            try
            {
                while (await call.ReadAsync(new byte[100], _patience.Token) > 0)
                {
                }
            }
            catch (RpcException e)
            {
                Assert.True(e.Status is StatusCode.Internal or StatusCode.NotFound or StatusCode.OutOfRange or StatusCode.DataLoss or StatusCode.ResourceExhausted, $"seed {seed}: {e}");
            }
        }
    }

    private Task RefusedAsync(StatusCode status, string detail, Contract.Delivery[] deliveries) => RefusedAsync(status, detail, Bytes(deliveries));

    private async Task RefusedAsync(StatusCode status, string detail, byte[] bytes, bool completes = false)
    {
        await using Http2Call call = await CallAsync();
        await call.WriteAsync(bytes, default, _patience.Token);
        if (completes) await call.CompleteAsync(_patience.Token);
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ReadAsync(new byte[100], _patience.Token) > 0)
            {
            }
        });
        Assert.True(e.Status == status, $"{e.Message} where {status} was expected");
        Assert.Contains(detail, e.Detail, StringComparison.Ordinal);
        Assert.False(_host.HasDelivered);
    }

    private Task<Http2Call> CallAsync() => Http2Call.StartAsync(
        _server.Address, DeliveryService.Path, new Metadata { { RecordingHost.SecretName, RecordingHost.Secret } }, GrpcLimits.Default, _patience.Token, asksLean);

    private static byte[] Bytes(Contract.Delivery[] deliveries)
    {
        var bytes = new List<byte>();
        foreach (Contract.Delivery delivery in deliveries)
        {
            byte[] message = delivery.ToByteArray();
            var prefix = new byte[5];
            BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(1), message.Length);
            bytes.AddRange([.. prefix, .. message]);
        }
        return [.. bytes];
    }

    private static Contract.Delivery Envelope(params (uint Number, ulong Bytes)[] tensors) => new() { Envelope = Of(tensors) };

    private static Contract.Delivery Announcement(params (uint Number, ulong Bytes)[] tensors) => new() { Announcement = Of(tensors) };

    private static Contract.Envelope Of((uint Number, ulong Bytes)[] tensors) => new()
    {
        RequestHalt = new(), Tensors = { tensors.Select(t => new Contract.Tensor { Number = t.Number, Bytes = t.Bytes }) },
    };

    private static Contract.Delivery Chunk(uint tensor, ulong offset, int count)
    {
        var payload = new byte[count];
        new Random(count).NextBytes(payload);
        return new() { Tensor = tensor, Offset = offset, Payload = ByteString.CopyFrom(payload), Checksum = Checksum.Compute(payload) };
    }
}

public sealed class LeanDeliveryStreamTests() : DeliveryStreamTests(asksLean: true);

public sealed class KestrelDeliveryStreamTests() : DeliveryStreamTests(asksLean: false);
