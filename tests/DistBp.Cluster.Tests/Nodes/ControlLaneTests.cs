using System.Collections.Concurrent;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Hosting;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Lanes;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Hosting;
using DistBp.Cluster.Wire.Lanes;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Tests.Nodes;

public sealed class ControlLaneTests : IDisposable
{
    private readonly NodeContext _here = Node("a"), _there = Node("b");
    private readonly ConcurrentQueue<RpcException> _broken = [];
    private readonly ControlLane _near;
    private readonly ControlLane _far;
    private Predicate<LanePiece> _loses = _ => false;

    public ControlLaneTests()
    {
        _far = new ControlLane(_there, "a", piece => _near!.Hear(piece), _broken.Enqueue);
        _near = new ControlLane(_here, "b", piece => { if (!_loses(piece)) _far.Hear(piece); }, _broken.Enqueue);
    }

    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }

    [Fact]
    public async Task A_word_that_is_longer_than_a_piece_arrives_whole_and_in_its_place()
    {
        var arrived = new BlockingCollection<string>();
        _there.Lanes.Calls.Add(HostingMethods.Enlist, (enlistment, _) =>
        {
            arrived.Add(enlistment.JobText, CancellationToken.None);
            return Task.FromResult(new Enlisted());
        });
        _there.Lanes.Deliver = envelope => arrived.Add($"{envelope.Job}");
        string text = string.Join(' ', Enumerable.Range(0, 60_000));
        Task<Enlisted> call = _near.CallAsync(HostingMethods.Enlist, new Enlistment { JobText = text }, TestCluster.Patience);
        await call.WaitAsync(TestCluster.Patience);
        for (int i = 0; i < 500; i++) _near.Send(new Contract.Envelope { Job = i });
        Assert.Equal([text, .. Enumerable.Range(0, 500).Select(i => $"{i}")], Enumerable.Range(0, 501).Select(_ => Take(arrived)));
        Assert.True(_near.Sent > 501, $"{_near.Sent} pieces");
        Assert.Empty(_broken);
    }

    [Fact]
    public void Reports_of_steps_go_together_and_in_their_place()
    {
        var arrived = new BlockingCollection<long>();
        _there.Lanes.Deliver = envelope => arrived.Add(envelope.Job);
        for (int i = 0; i < 1000; i++) _near.Send(new Contract.Envelope { Job = i, StepCommitted = new Contract.StepCommitted { Step = i } });
        _near.Send(new Contract.Envelope { Job = 1000, ServerStopped = new Contract.ServerStopped() });
        for (int i = 1001; i < 1010; i++) _near.Send(new Contract.Envelope { Job = i, StepCommitted = new Contract.StepCommitted { Step = i } });
        Assert.Equal(Enumerable.Range(0, 1010).Select(i => (long)i), Enumerable.Range(0, 1010).Select(_ => Take(arrived)));
        Assert.True(_near.Sent < 200, $"{_near.Sent} pieces");
    }

    [Fact]
    public async Task A_call_ends_with_the_status_that_it_is_refused_with()
    {
        _there.Lanes.Calls.Add(HostingMethods.Introduce, (_, _) => throw new RpcException(StatusCode.Unavailable, "n3: nobody answers"));
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => _near.CallAsync(HostingMethods.Introduce, new Introduction(), TestCluster.Patience));
        Assert.Equal((StatusCode.Unavailable, "n3: nobody answers"), (refused.Status, refused.Detail));
        refused = await Assert.ThrowsAsync<RpcException>(() => _near.CallAsync(HostingMethods.Dismiss, new Dismissal(), TestCluster.Patience));
        Assert.Equal(StatusCode.Unimplemented, refused.Status);
    }

    [Fact]
    public async Task Who_answers_a_call_hears_that_nobody_waits_for_it_any_more()
    {
        var begun = new TaskCompletionSource();
        var given = new TaskCompletionSource();
        _there.Lanes.Calls.Add(HostingMethods.Enlist, async (_, cancellation) =>
        {
            await using CancellationTokenRegistration giving = cancellation.Register(given.SetResult);
            begun.SetResult();
            await given.Task;
            cancellation.ThrowIfCancellationRequested();
            return new Enlisted();
        });
        using var stop = new CancellationTokenSource();
        Task<Enlisted> call = _near.CallAsync(HostingMethods.Enlist, new Enlistment(), TestCluster.Patience, stop.Token);
        await begun.Task.WaitAsync(TestCluster.Patience);
        await stop.CancelAsync();
        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => call)).Status);
        await given.Task.WaitAsync(TestCluster.Patience);
    }

    [Fact]
    public async Task A_call_without_an_answer_ends_in_time()
    {
        _there.Lanes.Calls.Add(HostingMethods.Enlist, async (_, cancellation) =>
        {
            await Task.Delay(TestCluster.Patience, cancellation);
            return new Enlisted();
        });
        RpcException late = await Assert.ThrowsAsync<RpcException>(() => _near.CallAsync(HostingMethods.Enlist, new Enlistment(), TimeSpan.FromMilliseconds(50)));
        Assert.Equal((StatusCode.DeadlineExceeded, "b has not answered within 0.05 s"), (late.Status, late.Detail));
    }

    [Fact]
    public void A_piece_that_is_missing_is_noticed_by_the_next_one()
    {
        _loses = piece => piece.Number == 3;
        for (int i = 0; i < 5; i++) _near.Send(new Contract.Envelope { Job = i });
        RpcException broken = Assert.Single(_broken);
        Assert.Equal((StatusCode.Aborted, "control words were lost on the way from a: 3 pieces were sent, and 2 came"), (broken.Status, broken.Detail));
    }

    [Fact]
    public async Task The_last_piece_is_missed_at_the_next_heartbeat_and_what_waits_for_an_answer_ends()
    {
        _loses = piece => piece.Number == 1;
        Task<Enlisted> call = _near.CallAsync(HostingMethods.Enlist, new Enlistment(), TestCluster.Patience);
        Assert.Empty(_broken);
        _far.Expect(_near.Sent);
        Assert.Contains("1 pieces were sent, and 0 came", Assert.Single(_broken).Detail, StringComparison.Ordinal);
        // Its owner ends the session on both sides.
        _near.Dispose();
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => call)).Status);
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => _near.CallAsync(HostingMethods.Enlist, new Enlistment(), TestCluster.Patience))).Status);
    }

    [Fact]
    public void What_cannot_be_read_ends_the_membership()
    {
        var delivered = new BlockingCollection<long>();
        _there.Lanes.Deliver = envelope =>
        {
            if (envelope.Job == 1) throw new RpcException(StatusCode.Internal, "an envelope holds no message that this version knows");
            delivered.Add(envelope.Job);
        };
        for (int i = 0; i < 3; i++) _near.Send(new Contract.Envelope { Job = i });
        Assert.Equal(0, Take(delivered));
        Assert.True(SpinWait.SpinUntil(() => !_broken.IsEmpty, TestCluster.Patience));
        Assert.Equal("what a says over its lane cannot be taken: an envelope holds no message that this version knows", Assert.Single(_broken).Detail);
        Assert.Empty(delivered);
    }

    private static T Take<T>(BlockingCollection<T> from) => from.TryTake(out T? item, TestCluster.Patience) ? item : throw new TimeoutException();

    private static NodeContext Node(string name)
    {
        ClusterConfiguration c = ClusterConfiguration.Default;
        c = c with { Node = c.Node with { Name = name } };
        return new NodeContext(c, StaticRendezvous.Of(c), new CallCredentials(c.Cluster), Tell: _ => { }, Warn: _ => { });
    }
}
