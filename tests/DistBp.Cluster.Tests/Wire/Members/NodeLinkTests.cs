using System.Net;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members;
using DistBp.Learning;
using DistBp.Protocol;
using DistBp.Protocol.Messages;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Tests.Wire.Members;

public sealed class NodeLinkTests : IAsyncLifetime
{
    private static readonly Generation s_generation = new(1, 2);
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60));
    private readonly RecordingHost _host = new();
    private readonly TaskCompletionSource<RpcException> _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private GrpcServer _server = null!;

    public async Task InitializeAsync() => _server = await _host.StartAsync();

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _patience.Dispose();
        Assert.True(_host.Bugs.IsEmpty, string.Join("\n", _host.Bugs));
        Assert.False(_failure.Task.IsCompletedSuccessfully && _failure.Task.Result.Detail.Length == 0);
    }

    [Fact]
    public async Task Messages_of_every_kind_arrive_in_their_order()
    {
        await using NodeLink link = await ConnectAsync();
        MemberMessage[] messages =
            [.. Enumerable.Range(0, 300).SelectMany(seed => RandomMessages.Kinds.Select(k => new RandomMessages(seed).Create(k, seed % 3, withNulls: seed % 2 == 0)))];
        _host.Wanted = (envelope, tensor, count) => envelope.Tensors[tensor].Encoding switch
        {
            Contract.Encoding.Int32 => new Memory<int>(new int[count / 4]),
            Contract.Encoding.Float32 => new Memory<float>(new float[count / 4]),
            Contract.Encoding code => new TensorTarget(new byte[count], code),
        };
        foreach (MemberMessage message in messages) Send(link, message);
        for (int i = 0; i < messages.Length; i++)
        {
            (Contract.Envelope envelope, TensorBytes[] tensors) = await _host.NextAsync(_patience.Token);
            Assert.Null(RandomMessages.Difference(messages[i], MessageCodec.Decode(envelope, tensors), $"message {i}: {messages[i].GetType().Name}"));
        }
        await link.CloseAsync(_patience.Token);
        Assert.Null(await _host.Ended.Task.WaitAsync(_patience.Token));
    }

    [Fact]
    public async Task Tensors_of_odd_sizes_arrive_in_the_memory_that_the_host_gives()
    {
        await using NodeLink link = await ConnectAsync();
        var random = new Random(7);
        foreach (int length in (int[])[0, 1, 3, 16, 1000, 2047, 2048, 2049, 65_519, 65_520, 65_521, 1 << 20, 5_000_001])
        {
            float[] sent = [.. Enumerable.Range(0, length).Select(_ => random.NextSingle())];
            var buffer = new TensorBuffer(length);
            _host.Wanted = (_, _, _) => buffer.Memory;
            SendGradient(link, sent);
            (_, TensorBytes[] tensors) = await _host.NextAsync(_patience.Token);
            Assert.Equal(length * 4L, tensors.Single().ByteCount);
            Assert.True(sent.AsSpan().SequenceEqual(buffer.Span), $"{length} floats");
            Assert.True(length == 0 || MemoryMarshal.TryGetArray(tensors[0].Floats, out _));
        }
    }

    [Fact]
    public async Task Tensors_of_any_encoding_travel_as_bytes()
    {
        await using NodeLink link = await ConnectAsync();
        foreach (int length in (int[])[1, 8191, 8192, 8193, 262_079, 262_080, 262_081, 1_000_003])
        {
            var sent = new byte[length];
            new Random(length).NextBytes(sent);
            link.Send(Halt(), [new TensorBytes(sent, Contract.Encoding.TopK)]);
            (Contract.Envelope envelope, TensorBytes[] tensors) = await _host.NextAsync(_patience.Token);
            Assert.Equal(Contract.Encoding.TopK, envelope.Tensors.Single().Encoding);
            Assert.True(tensors.Single().Bytes.Span.SequenceEqual(sent));
        }
    }

    [Fact]
    public async Task Threads_keep_each_their_order_and_a_large_tensor_does_not_break_it()
    {
        await using NodeLink link = await ConnectAsync();
        _host.Wanted = (_, _, count) => new Memory<float>(new float[count / 4]);
        const int threads = 4, count = 200;
        float[] large = new float[200_000];
        Task[] sending = [.. Enumerable.Range(0, threads).Select(thread => Task.Run(() =>
        {
            for (int i = 0; i < count; i++)
            {
                if (i % 20 == 7) Send(link, new PushGradient(s_generation, thread, i, new Subtree(0, 1), new GradientPart(large, []), default));
                else Send(link, new ServerStopped(s_generation, thread, i));
            }
        }))];
        var next = new long[threads];
        for (int i = 0; i < threads * count; i++)
        {
            (Contract.Envelope envelope, _) = await _host.NextAsync(_patience.Token);
            (int thread, long number) = envelope.PushGradient is { } push ? (push.Worker, push.Step) : (envelope.ServerStopped.Server, envelope.ServerStopped.Version);
            Assert.Equal(next[thread]++, number);
        }
        await Task.WhenAll(sending);
    }

    [Fact]
    public async Task A_gradient_leaves_in_pieces_while_other_messages_go_between_them()
    {
        await using NodeLink link = await ConnectAsync();
        float[] first = [.. Enumerable.Range(0, 300_000).Select(i => (float)i)], second = [1, 2, 3];
        var memory = new Dictionary<int, float[]> { [0] = new float[first.Length], [1] = new float[second.Length] };
        _host.Wanted = (envelope, tensor, _) => envelope.PushGradient.Step == 9 ? memory[tensor].AsMemory() : throw new InvalidOperationException();
        var contract = new PushGradient(s_generation, 0, 9, new Subtree(0, 4), new GradientPart(first, []), default);
        PartialMessage partial = link.Begin(
            MessageCodec.Encode(1, Address.Worker(0), Address.Server(0), contract, []),
            [new ReadOnlyMemory<float>(first), new ReadOnlyMemory<float>(second)]);
        // As backward goes: last layers first.
        partial.Send(0, 1_000_000, 200_000);
        Send(link, new RequestHalt(s_generation));
        partial.Send(1, 0, 12);
        partial.Send(0, 400_004, 599_996);
        partial.Send(0, 0, 400_004);
        partial.Finish(MessageCodec.Encode(1, Address.Worker(0), Address.Server(0), contract with { Sums = new double[] { 5 } }, []));
        Send(link, new RestoreBest(s_generation, 1));
        Assert.NotNull((await _host.NextAsync(_patience.Token)).Envelope.RequestHalt);
        (Contract.Envelope envelope, TensorBytes[] tensors) = await _host.NextAsync(_patience.Token);
        Assert.Equal([5.0], envelope.PushGradient.Sums);
        Assert.Equal([1_200_000L, 12L], tensors.Select(t => t.ByteCount));
        Assert.True(first.AsSpan().SequenceEqual(memory[0]) && second.AsSpan().SequenceEqual(memory[1]));
        Assert.NotNull((await _host.NextAsync(_patience.Token)).Envelope.RestoreBest);
    }

    [Fact]
    public async Task An_abandoned_message_is_forgotten()
    {
        await using NodeLink link = await ConnectAsync();
        float[] tensor = new float[1000];
        PartialMessage partial = link.Begin(Halt(), [new ReadOnlyMemory<float>(tensor)]);
        partial.Send(0, 0, 400);
        partial.Abandon();
        Send(link, new RequestHalt(s_generation));
        Assert.Empty((await _host.NextAsync(_patience.Token)).Tensors);
        await link.CloseAsync(_patience.Token);
    }

    [Fact]
    public async Task A_message_whose_tensor_the_host_does_not_want_is_dropped_and_the_next_one_arrives()
    {
        await using NodeLink link = await ConnectAsync();
        _host.Wanted = (_, _, _) => TensorTarget.Discard;
        SendGradient(link, new float[100_000]);
        Send(link, new RequestHalt(s_generation));
        Assert.NotNull((await _host.NextAsync(_patience.Token)).Envelope.RequestHalt);
    }

    [Fact]
    public async Task Memory_may_change_after_it_was_sent()
    {
        await using NodeLink link = await ConnectAsync();
        float[] tensor = new float[3_000_000];
        _host.Wanted = (_, _, count) => new Memory<float>(new float[count / 4]);
        for (int i = 1; i < 6; i++)
        {
            Array.Fill(tensor, i);
            SendGradient(link, tensor);
            await link.SentAsync().WaitAsync(_patience.Token);
        }
        for (int i = 1; i < 6; i++)
        {
            (_, TensorBytes[] tensors) = await _host.NextAsync(_patience.Token);
            Assert.Equal(-1, tensors[0].Floats.Span.IndexOfAnyExcept(i));
        }
    }

    [Fact]
    public async Task Many_peers_send_at_once()
    {
        _host.Wanted = (_, _, count) => new Memory<float>(new float[count / 4]);
        NodeLink[] links = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ConnectAsync()));
        Parallel.For(0, links.Length, i =>
        {
            for (int step = 0; step < 20; step++)
                Send(links[i], new PushGradient(s_generation, i, step, new Subtree(0, 1), new GradientPart(new float[10_000 + i], []), default));
        });
        var next = new long[links.Length];
        for (int i = 0; i < 20 * links.Length; i++)
        {
            (Contract.Envelope envelope, TensorBytes[] tensors) = await _host.NextAsync(_patience.Token);
            int worker = envelope.PushGradient.Worker;
            Assert.Equal((next[worker]++, 10_000 + worker), (envelope.PushGradient.Step, tensors[0].Floats.Length));
        }
        foreach (NodeLink link in links) await link.CloseAsync(_patience.Token);
    }

    [Fact]
    public async Task Who_has_a_wrong_secret_is_not_admitted_and_told_so()
    {
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => NodeLink.ConnectAsync(
            _server.Address, "node-b", new Metadata { { RecordingHost.SecretName, "guess" } }, GrpcLimits.Default, _failure.SetResult, _patience.Token));
        Assert.Equal((StatusCode.Unauthenticated, "node-b: the secret is wrong"), (e.Status, e.Detail));
        Assert.False(_failure.Task.IsCompleted);
    }

    [Fact]
    public async Task A_peer_that_is_not_there_is_named()
    {
        await _server.DisposeAsync();
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => ConnectAsync());
        Assert.Equal(StatusCode.Unavailable, e.Status);
        Assert.StartsWith("node-b: ", e.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_breaks_in_the_middle_of_a_tensor_is_told_once_with_its_name()
    {
        await using NodeLink link = await ConnectAsync();
        var asked = new TaskCompletionSource();
        _host.Wanted = (_, _, count) =>
        {
            asked.TrySetResult();
            return new Memory<float>(new float[count / 4]);
        };
        for (int i = 0; i < 20; i++) SendGradient(link, new float[4 << 20]);
        await asked.Task.WaitAsync(_patience.Token);
        await _server.StopAsync(TimeSpan.Zero);
        RpcException e = await _failure.Task.WaitAsync(_patience.Token);
        Assert.StartsWith("node-b: ", e.Detail, StringComparison.Ordinal);
        // Nothing happens any more.
        Send(link, new RequestHalt(s_generation));
        await Assert.ThrowsAsync<RpcException>(link.SentAsync);
    }

    [Fact]
    public async Task A_sender_that_breaks_off_ends_its_stream_and_delivers_nothing_of_the_message()
    {
        NodeLink link = await ConnectAsync();
        PartialMessage partial = link.Begin(Halt(), [new ReadOnlyMemory<float>(new float[1000])]);
        partial.Send(0, 0, 400);
        await link.SentAsync();
        await link.DisposeAsync();
        RpcException? why = await _host.Ended.Task.WaitAsync(_patience.Token);
        Assert.Equal(StatusCode.Cancelled, why!.Status);
        Assert.False(_host.HasDelivered);
        Assert.False(_failure.Task.IsCompleted);
    }

    [Fact]
    public async Task A_link_may_be_closed_while_several_threads_send()
    {
        _host.Wanted = (_, _, count) => new Memory<float>(new float[count / 4]);
        for (int i = 0; i < 30; i++)
        {
            NodeLink link = await ConnectAsync();
            Task[] sending = [.. Enumerable.Range(0, 3).Select(thread => Task.Run(() =>
            {
                for (int step = 0; step < 20; step++) SendGradient(link, new float[100_000 * thread + 10]);
            }))];
            await Task.Delay(i % 5);
            await link.DisposeAsync();
            await Task.WhenAll(sending);
            await Assert.ThrowsAsync<RpcException>(link.SentAsync);
        }
        Assert.False(_failure.Task.IsCompleted);
    }

    [Fact]
    public async Task A_message_that_the_host_refuses_ends_the_link_with_its_reason()
    {
        await using NodeLink link = await ConnectAsync();
        _host.Wanted = (_, _, _) => throw new RpcException(StatusCode.FailedPrecondition, "there is no such shard");
        SendGradient(link, new float[10]);
        RpcException e = await _failure.Task.WaitAsync(_patience.Token);
        Assert.Equal((StatusCode.FailedPrecondition, "node-b: there is no such shard"), (e.Status, e.Detail));
    }

    [Fact]
    public async Task Who_sends_in_a_generation_that_is_over_is_told_so_once_of_each_newer_one()
    {
        var fences = Channel.CreateUnbounded<Contract.Fence>();
        await using NodeLink link = await ConnectAsync(f => fences.Writer.TryWrite(f));
        SendGradient(link, new float[10]);
        foreach (Generation newest in (Generation[])[new(1, 3), new(2, 1)])
        {
            await _host.NextAsync(_patience.Token);
            _host.Newest = newest.ToContract();
            for (int i = 0; i < 3; i++) SendGradient(link, new float[10]);
            Contract.Fence fence = await fences.Reader.ReadAsync(_patience.Token);
            Assert.Equal((1, s_generation, newest), (fence.Job, fence.Sent.ToProtocol(), fence.Newest.ToProtocol()));
            for (int i = 0; i < 2; i++) await _host.NextAsync(_patience.Token);
        }
        await link.CloseAsync(_patience.Token);
        Assert.False(fences.Reader.TryRead(out _));
        Assert.False(_failure.Task.IsCompleted);
    }

    [Fact]
    public async Task What_may_wait_leaves_by_itself_in_time_and_before_whatever_is_sent_after_it()
    {
        await using NodeLink link = await ConnectAsync();
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < 3; i++) link.Send(Envelope(i), [], mayWait: true);
            if (round % 2 == 0) link.Send(Envelope(3), []);
            for (int i = 0; i < (round % 2 == 0 ? 4 : 3); i++)
                Assert.Equal(i, (await _host.NextAsync(_patience.Token)).Envelope.GradientReplicated.Step);
        }
        link.Send(Envelope(9), [], mayWait: true);
        await link.CloseAsync(_patience.Token);
        Assert.Equal(9, (await _host.NextAsync(_patience.Token)).Envelope.GradientReplicated.Step);

        static Contract.Envelope Envelope(int step) => MessageCodec.Encode(1, Address.Worker(0), Address.Server(0), new GradientReplicated(s_generation, 0, step), []);
    }

    private Task<NodeLink> ConnectAsync(Action<Contract.Fence>? fenced = null) => NodeLink.ConnectAsync(
        _server.Address, "node-b", new Metadata { { RecordingHost.SecretName, RecordingHost.Secret }, { "distbp-node", "node-a" } }, GrpcLimits.Default,
        _failure.SetResult, _patience.Token, fenced);

    private static void Send(NodeLink link, MemberMessage message)
    {
        var tensors = new List<TensorBytes>();
        link.Send(MessageCodec.Encode(1, Address.Worker(0), Address.Server(0), message, tensors), tensors);
    }

    private static void SendGradient(NodeLink link, float[] dense)
        => Send(link, new PushGradient(s_generation, 0, 1, new Subtree(0, 1), new GradientPart(dense, []), default));

    private static Contract.Envelope Halt() => MessageCodec.Encode(1, Address.Worker(0), Address.Server(0), new RequestHalt(s_generation), []);
}
