using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members;
using DistBp.Cluster.Wire.Shared;
using DistBp.Learning;
using DistBp.Protocol;
using DistBp.Protocol.Messages;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Tests.Wire.Members;

[SupportedOSPlatform("linux")]
public sealed class SharedMemoryTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60));
    private readonly RecordingHost _host = new();
    private readonly TaskCompletionSource<RpcException> _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SharedSegment _segment = SharedSegment.TryCreate(1 << 20)!;
    private GrpcServer _server = null!;

    public async Task InitializeAsync() => _server = await _host.StartAsync();

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _segment.Dispose();
        _patience.Dispose();
        Assert.True(_host.Bugs.IsEmpty, string.Join("\n", _host.Bugs));
    }

    [Fact]
    public async Task A_tensor_in_an_accepted_segment_is_read_where_it_lies()
    {
        await using NodeLink link = await ConnectAsync();
        _host.Wanted = (_, _, _) => throw new RpcException(StatusCode.Aborted, "nothing is to come in chunks");
        Assert.True((await link.OfferAsync(_segment)).Accepted);
        TensorBuffer buffer = _segment.Allocate(10_001);
        buffer.Span.Fill(7);
        long before = link.ByteCount;
        Send(link, buffer.Memory[1..10_000]);
        (_, TensorBytes[] tensors) = await _host.NextAsync(_patience.Token);
        Assert.Equal(9_999, tensors.Single().Floats.Length);
        Assert.Equal(-1, tensors[0].Floats.Span.IndexOfAnyExcept(7f));
        // It is the same memory, not a copy.
        buffer.Span[5] = 9;
        Assert.Equal(9, tensors[0].Floats.Span[4]);
        Assert.InRange(link.ByteCount - before, 1, 200);
    }

    [Fact]
    public async Task Before_the_answer_and_outside_of_the_segment_tensors_are_sent()
    {
        await using NodeLink link = await ConnectAsync();
        _host.Wanted = (_, _, count) => new Memory<float>(new float[count / 4]);
        TensorBuffer inside = _segment.Allocate(100), outside = new(100);
        long before = link.ByteCount;
        Send(link, inside.Memory);
        await _host.NextAsync(_patience.Token);
        Assert.True(link.ByteCount - before > 400);
        await link.OfferAsync(_segment);
        before = link.ByteCount;
        Send(link, outside.Memory);
        await _host.NextAsync(_patience.Token);
        Assert.True(link.ByteCount - before > 400);
    }

    [Fact]
    public async Task A_message_in_pieces_sends_none_of_what_is_shared()
    {
        await using NodeLink link = await ConnectAsync();
        await link.OfferAsync(_segment);
        TensorBuffer buffer = _segment.Allocate(1000);
        PartialMessage partial = link.Begin(Halt(), [(ReadOnlyMemory<float>)buffer.Memory]);
        buffer.Span.Fill(3);
        partial.Send(0, 0, 4000);
        partial.Finish(Halt());
        (_, TensorBytes[] tensors) = await _host.NextAsync(_patience.Token);
        Assert.Equal(3, tensors.Single().Floats.Span[999]);
        Assert.True(link.ByteCount < 1000);
    }

    [Fact]
    public async Task A_retracted_segment_is_used_no_more_but_what_was_delivered_stays_readable()
    {
        await using NodeLink link = await ConnectAsync();
        _host.Wanted = (_, _, count) => new Memory<float>(new float[count / 4]);
        SharedSegment segment = SharedSegment.TryCreate(8192)!;
        await link.OfferAsync(segment);
        TensorBuffer buffer = segment.Allocate(100);
        buffer.Span.Fill(2);
        Send(link, buffer.Memory);
        (_, TensorBytes[] tensors) = await _host.NextAsync(_patience.Token);
        link.Retract(segment);
        segment.Dispose();
        Send(link, buffer.Memory);
        (_, TensorBytes[] sent) = await _host.NextAsync(_patience.Token);
        buffer.Span.Fill(4);
        Assert.Equal((4f, 2f), (tensors[0].Floats.Span[50], sent[0].Floats.Span[50]));
    }

    [Fact]
    public async Task A_receiver_whose_shared_memory_is_off_says_so_and_gets_chunks()
    {
        var host = new RecordingHost { Wanted = (_, _, count) => new Memory<float>(new float[count / 4]) };
        await using GrpcServer server = await GrpcServer.StartAsync(
            new(System.Net.IPAddress.Loopback, 0), GrpcLimits.Default, new DeliveryService(host, DeliveryLimits.Default, sharedMemory: false).AddTo, host.Bugs.Enqueue);
        await using NodeLink link = await ConnectAsync(server);
        Contract.SharedAnswer answer = await link.OfferAsync(_segment);
        Assert.Equal((false, "wire.shared-memory is off"), (answer.Accepted, answer.Reason));
        TensorBuffer buffer = _segment.Allocate(100);
        buffer.Span.Fill(5);
        Send(link, buffer.Memory);
        Assert.Equal(5, (await host.NextAsync(_patience.Token)).Tensors[0].Floats.Span[99]);
    }

    [Fact]
    public void Only_who_sees_the_very_memory_accepts_an_offer()
    {
        Contract.SharedOffer offer = new SharedLanes().Offer(_segment, new());
        Assert.NotNull(PeerSegment.TryOpen(offer, out _));
        AssertRefused(o => o.Boot = "another", "another machine");
        AssertRefused(o => o.File += "0", "no such memory");
        AssertRefused(o => o.File = "../etc/passwd", "none of a segment");
        AssertRefused(o => o.Nonce = Google.Protobuf.ByteString.CopyFrom(new byte[32]), "no such memory");
        AssertRefused(o => o.Nonce = Google.Protobuf.ByteString.Empty, "malformed");
        AssertRefused(o => o.Bytes++, "no such memory");

        void AssertRefused(Action<Contract.SharedOffer> change, string why)
        {
            Contract.SharedOffer changed = offer.Clone();
            change(changed);
            Assert.Null(PeerSegment.TryOpen(changed, out string reason));
            Assert.Contains(why, reason, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(1ul << 20, 4ul)]
    [InlineData((1ul << 20) - 4, 8ul)]
    [InlineData(2ul, 4ul)]
    [InlineData(64ul, 6ul)]
    [InlineData(ulong.MaxValue - 3, 8ul)]
    public async Task A_place_outside_of_the_segment_ends_the_stream(ulong offset, ulong bytes)
    {
        await using NodeLink link = await ConnectAsync();
        await link.OfferAsync(_segment);
        Contract.Envelope envelope = Halt();
        envelope.Tensors.Add(new Contract.Tensor { Number = 99, Bytes = bytes, Place = new() { Offset = offset } });
        link.Send(envelope, []);
        RpcException e = await _failure.Task.WaitAsync(_patience.Token);
        Assert.Equal(StatusCode.OutOfRange, e.Status);
        Assert.False(_host.HasDelivered);
    }

    [Fact]
    public void A_segment_is_for_its_owner_alone_and_its_file_goes_with_it()
    {
        SharedSegment segment = SharedSegment.TryCreate(4096)!;
        string path = SegmentFile.Folders.Select(f => Path.Combine(f, segment.Name)).Single(File.Exists);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        SegmentFile.RemoveStale();
        Assert.True(File.Exists(path));
        segment.Dispose();
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void What_a_dead_process_left_behind_is_removed()
    {
        using var dead = Process.Start("true");
        dead.WaitForExit();
        string[] own = _segment.Name.Split('-');
        string folder = SegmentFile.Folders[0];
        string ofDead = Path.Combine(folder, $"distbp-{own[1]}-{dead.Id.ToString(CultureInfo.InvariantCulture)}-{own[3]}-0");
        string ofAnOlderProcessOfThatNumber = Path.Combine(folder, $"distbp-{own[1]}-{own[2]}-1-0");
        string ofAnotherNamespace = Path.Combine(folder, $"distbp-1-{dead.Id.ToString(CultureInfo.InvariantCulture)}-{own[3]}-0");
        string[] all = [ofDead, ofAnOlderProcessOfThatNumber, ofAnotherNamespace];
        foreach (string path in all) File.WriteAllText(path, "");
        SegmentFile.RemoveStale();
        Assert.Equal([false, false, true], all.Select(File.Exists));
        File.Delete(ofAnotherNamespace);
    }

    [Fact]
    public void Tensors_in_a_segment_are_zeroed_aligned_and_apart()
    {
        int[] lengths = [1, 16, 17, 1000, 0, 3];
        using SharedSegment segment = SharedSegment.TryCreate(SharedSegment.BytesFor(lengths))!;
        TensorBuffer[] tensors = [.. lengths.Select(segment.Allocate)];
        for (int i = 0; i < tensors.Length; i++)
        {
            Assert.Equal(-1, tensors[i].Span.IndexOfAnyExcept(0f));
            Assert.Equal(lengths[i], tensors[i].Length);
            tensors[i].Span.Fill(i + 1);
            tensors[i].Memory.Span.Fill(i + 1);
        }
        Assert.All(tensors.Index(), t => Assert.Equal(-1, t.Item.Span.IndexOfAnyExcept(t.Index + 1f)));
        Assert.Throws<InvalidOperationException>(() => segment.Allocate(1));
    }

    [Fact]
    public void More_memory_than_there_is_gives_no_segment() => Assert.Null(SharedSegment.TryCreate(long.MaxValue));

    private Task<NodeLink> ConnectAsync(GrpcServer? server = null) => NodeLink.ConnectAsync(
        (server ?? _server).Address, "node-b", new Metadata { { RecordingHost.SecretName, RecordingHost.Secret } }, GrpcLimits.Default, _failure.SetResult,
        _patience.Token);

    private static void Send(NodeLink link, Memory<float> tensor) => link.Send(Halt(), [(ReadOnlyMemory<float>)tensor]);

    private static Contract.Envelope Halt() => MessageCodec.Encode(1, Address.Worker(0), Address.Server(0), new RequestHalt(new Generation(1, 2)), []);
}
