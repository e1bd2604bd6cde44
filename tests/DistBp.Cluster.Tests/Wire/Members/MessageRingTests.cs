using System.Buffers.Binary;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Http2;
using DistBp.Cluster.Wire.Members;
using DistBp.Cluster.Wire.Shared;
using Google.Protobuf;
using Xunit.Abstractions;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Tests.Wire.Members;

/// <summary>Messages in shared memory, for as long as somebody looks there, in one order with those of the call.</summary>
public sealed class MessageRingTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60));
    private readonly Attendance _attendance = new(threads: 1);
    private readonly RecordingHost _host = new();
    private GrpcServer _server = null!;

    public async Task InitializeAsync()
    {
        _host.Attendance = _attendance;
        _server = await _host.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _patience.Dispose();
        Assert.True(_host.Bugs.IsEmpty, string.Join("\n", _host.Bugs));
    }

    [Fact]
    public async Task While_somebody_looks_a_message_waits_in_the_ring_until_he_does()
    {
        await using NodeLink link = await ConnectAsync();
        _attendance.Enter();
        Assert.True((await link.OfferRingAsync())!.Accepted);
        Send(link, 1);
        Assert.False(_host.HasDelivered);
        Assert.True(Looks());
        Assert.Equal(1, await NextAsync());
        Assert.False(_attendance.Look());
    }

    [Fact]
    public async Task When_nobody_looks_messages_come_over_the_call()
    {
        await using NodeLink link = await ConnectAsync();
        await link.OfferRingAsync();
        Send(link, 1);
        Assert.Equal(1, await NextAsync());
        _attendance.Enter();
        Assert.False(_attendance.Leave());
        Send(link, 2);
        Assert.Equal(2, await NextAsync());
    }

    [Fact]
    public async Task Who_leaves_takes_what_has_come_and_nothing_comes_afterwards()
    {
        await using NodeLink link = await ConnectAsync();
        _attendance.Enter();
        await link.OfferRingAsync();
        Send(link, 1);
        Assert.True(_attendance.Leave());
        Assert.Equal(1, await NextAsync());
    }

    [Fact]
    public async Task Where_one_of_two_sleeps_messages_come_over_the_call()
    {
        var two = new Attendance(threads: 2);
        _host.Attendance = two;
        await using NodeLink link = await ConnectAsync();
        two.Enter();
        await link.OfferRingAsync();
        Send(link, 1);
        Assert.Equal(1, await NextAsync());
        two.Enter();
        Send(link, 2);
        Assert.False(_host.HasDelivered);
        Assert.True(two.Leave());
        Assert.Equal(2, await NextAsync());
        Send(link, 3);
        Assert.Equal(3, await NextAsync());
    }

    [Fact]
    public async Task A_full_ring_lets_the_rest_go_over_the_call_behind_what_is_in_it()
    {
        await using NodeLink link = await ConnectAsync();
        _attendance.Enter();
        await link.OfferRingAsync();
        const int messages = 2 * MessageRing.Capacity / 32;
        for (int i = 0; i < messages; i++) Send(link, i);
        // Nobody has looked yet; what went over the call has made room again, and the last may be in the ring.
        _attendance.Leave();
        for (int i = 0; i < messages; i++) Assert.Equal(i, await NextAsync());
    }

    [Fact]
    public async Task Messages_keep_their_order_whichever_way_they_come()
    {
        const int seed = 5, messages = 5000;
        output.WriteLine($"seed {seed}");
        await using NodeLink link = await ConnectAsync();
        await link.OfferRingAsync();
        using var end = new CancellationTokenSource();
        Task looking = Task.Run(() => LookAndLeave(new Random(seed + 1), end.Token));
        var random = new Random(seed);
        TensorBytes[] tensor = [new TensorBytes(new byte[300], Contract.Encoding.Int8)];
        for (int i = 0; i < messages; i++)
        {
            // One with bytes of its own goes over the call.
            Send(link, i, random.Next(3) == 0 ? tensor : []);
            if (random.Next(10) == 0) await Task.Yield();
        }
        for (int i = 0; i < messages; i++) Assert.Equal(i, await NextAsync());
        await end.CancelAsync();
        await looking;
    }

    [Fact]
    public async Task A_tensor_of_a_shared_segment_comes_with_the_ring()
    {
        await using NodeLink link = await ConnectAsync();
        using SharedSegment segment = SharedSegment.TryCreate(1 << 16)!;
        _attendance.Enter();
        await link.OfferRingAsync();
        Assert.True((await link.OfferAsync(segment)).Accepted);
        Memory<float> memory = segment.Allocate(100).Memory;
        memory.Span.Fill(7);
        Send(link, 1, [(ReadOnlyMemory<float>)memory]);
        // What is said over the call comes behind it.
        link.Retract(segment);
        await link.CloseAsync(_patience.Token);
        (_, TensorBytes[] tensors) = await _host.NextAsync(_patience.Token);
        Assert.Equal(-1, tensors.Single().Floats.Span.IndexOfAnyExcept(7f));
    }

    [Fact]
    public async Task A_fence_is_told_of_what_came_in_the_ring()
    {
        var fenced = new TaskCompletionSource<Contract.Fence>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using NodeLink link = await ConnectAsync(fenced.SetResult);
        _attendance.Enter();
        await link.OfferRingAsync();
        _host.Newest = new Contract.Generation { Term = 2, Number = 3 };
        Send(link, 1);
        Assert.True(Looks());
        Assert.Equal(_host.Newest, (await fenced.Task.WaitAsync(_patience.Token)).Newest);
    }

    [Fact]
    public async Task A_link_that_has_ended_leaves_no_ring_behind()
    {
        NodeLink link = await ConnectAsync();
        await link.OfferRingAsync();
        Assert.True(_attendance.HasPlaces);
        await link.DisposeAsync();
        await _host.Ended.Task.WaitAsync(_patience.Token);
        Assert.False(_attendance.HasPlaces);
    }

    [Fact]
    public async Task Where_nobody_would_look_the_ring_is_declined()
    {
        _host.Attendance = null;
        await using NodeLink link = await ConnectAsync();
        Contract.SharedAnswer? answer = await link.OfferRingAsync();
        Assert.False(answer!.Accepted);
        Assert.Contains("nobody here would look", answer.Reason, StringComparison.Ordinal);
        Send(link, 1);
        Assert.Equal(1, await NextAsync());
    }

    [Theory]
    [InlineData(5L, 0L, "5 bytes")]
    [InlineData(long.MinValue, 0L, "bytes")]
    [InlineData(MessageRing.Capacity + 8L, 0L, "bytes")]
    [InlineData(32L, -1L, "an entry of -1 bytes")]
    [InlineData(32L, 17L, "an entry of 17 bytes")]
    [InlineData(32L, long.MaxValue, "an entry of")]
    public async Task A_damaged_ring_ends_the_stream(long written, long length, string detail)
    {
        using SharedSegment segment = SharedSegment.TryCreateRing()!;
        await using Http2Call call = await OfferAsync(segment);
        var head = new byte[MessageRing.HeadBytes];
        BinaryPrimitives.WriteInt64LittleEndian(head, length);
        segment.AsRing().CopyIn(0, head);
        segment.AsRing().Written = written;
        RpcException e = await LookUntilEndAsync(call);
        Assert.True(e.Status == StatusCode.Internal, e.Message);
        Assert.Contains(detail, e.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tensor_without_its_place_ends_the_stream()
    {
        using SharedSegment segment = SharedSegment.TryCreateRing()!;
        await using Http2Call call = await OfferAsync(segment);
        Contract.Envelope envelope = Envelope(1);
        envelope.Tensors.Add(new Contract.Tensor { Number = 1, Bytes = 100 });
        Assert.True(new RingWriter(segment).TryWrite(envelope, before: 0));
        RpcException e = await LookUntilEndAsync(call);
        Assert.Contains("without its place", e.Detail, StringComparison.Ordinal);
    }

    private async Task<Http2Call> OfferAsync(SharedSegment segment)
    {
        _attendance.Enter();
        Http2Call call = await Http2Call.StartAsync(
            _server.Address, DeliveryService.Path, new Metadata { { RecordingHost.SecretName, RecordingHost.Secret } }, GrpcLimits.Default, _patience.Token, asksLean: true);
        byte[] offer = new Contract.Delivery { Ring = SharedLanes.OfferOf(segment, 0) }.ToByteArray();
        await call.WriteAsync((byte[])[0, 0, 0, 0, (byte)offer.Length, .. offer], default, _patience.Token);
        while (Volatile.Read(ref segment.AsRing().Attended) == 0) await Task.Delay(1, _patience.Token);
        return call;
    }

    private async Task<RpcException> LookUntilEndAsync(Http2Call call)
    {
        _attendance.Leave();
        return await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ReadAsync(new byte[1000], _patience.Token) > 0)
            {
            }
        });
    }

    private void LookAndLeave(Random random, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            _attendance.Enter();
            for (int i = random.Next(200); i > 0; i--) _attendance.Look();
            _attendance.Leave();
            for (int i = random.Next(50); i > 0; i--) Thread.SpinWait(20);
        }
    }

    /// <summary>A look that finds the stream's own thread at it finds nothing.</summary>
    private bool Looks() => SpinWait.SpinUntil(_attendance.Look, TimeSpan.FromSeconds(30));

    private Task<NodeLink> ConnectAsync(Action<Contract.Fence>? fenced = null) => NodeLink.ConnectAsync(
        _server.Address, "b", new Metadata { { RecordingHost.SecretName, RecordingHost.Secret } }, GrpcLimits.Default, _ => { }, _patience.Token, fenced);

    private static void Send(NodeLink link, long step, params TensorBytes[] tensors) => link.Send(Envelope(step), tensors);

    private static Contract.Envelope Envelope(long step) => new()
    {
        To = new() { Role = Contract.Role.Server }, Generation = new() { Term = 1, Number = 1 }, GradientReplicated = new() { Step = step },
    };

    private async Task<long> NextAsync() => (await _host.NextAsync(_patience.Token)).Envelope.GradientReplicated.Step;
}
