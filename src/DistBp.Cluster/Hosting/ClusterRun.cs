using System.Threading.Channels;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Hosting;
using DistBp.Learning;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Membership;
using DistBp.Protocol.Messages;
using MemberLost = DistBp.Cluster.Nodes.Members.MemberLost;

namespace DistBp.Cluster.Hosting;

/// <summary>
/// A run on the nodes of the cluster, seen from the coordinator's: enlists the nodes that are there and those that come, tells all of them where the others are, and tells
/// the <see cref="Coordinator"/> who is there to work. It hosts the coordinator; workers and servers are elsewhere.
/// </summary>
internal sealed class ClusterRun : IRunCluster
{
    private const int MaxEvents = 1 << 16;
    private static readonly TimeSpan PaceInterval = TimeSpan.FromSeconds(2);

    private readonly IClusterMembers _members;
    private readonly NodeJobs _jobs;
    private readonly JobCalls _calls;
    private readonly Action<MemberFigures> _tell;
    private readonly long _job;
    private readonly PeerNode _self;
    private readonly JobHost _host;
    private readonly CoordinatorActor _coordinator;
    private readonly Channel<JobEvent> _events = Channel.CreateBounded<JobEvent>(new BoundedChannelOptions(MaxEvents) { SingleReader = true });
    private readonly CancellationTokenSource _over = new();
    private readonly List<JobNode> _nodes = [];
    private readonly List<Address> _lost = [];
    private int _nextWorker;
    private int _nextServer;
    private int _introductions;
    private int _nodesEver;
    private ulong _bytesSent;
    private ulong _bytesReceived;

    /// <param name="tell">Tells the run's observers of nodes that come and go.</param>
    public ClusterRun(
        NodeContext node, IClusterMembers members, NodeJobs jobs, Enlistment enlistment, TrainingMemory memory, TrainingPlan plan, IRunReporter reporter,
        Action<MemberFigures> tell)
    {
        (_members, _jobs, _tell, _job) = (members, jobs, tell, enlistment.Job);
        _calls = new JobCalls(node, enlistment);
        _self = new PeerNode(node.Name, 0, node.Endpoint);
        var transport = new ClusterTransport(_job, _self, node.Credentials, node.Limits, new JobSegments(isOn: false, node.Tell), (peer, why) => Tell(new PeerUnreachable(peer, why.Detail)));
        _host = new JobHost(memory, transport, [], []);
        _coordinator = new CoordinatorActor(plan, memory, reporter, transport, assignment => Tell(new AssignmentTaken(assignment)));
        transport.Register(_coordinator);
    }

    public (double Sent, double Received) BytesANode => _nodesEver == 0 ? (0, 0) : ((double)_bytesSent / _nodesEver, (double)_bytesReceived / _nodesEver);

    public async Task<RunOutcome> RunAsync(CancellationToken stop)
    {
        _jobs.Add(_job, _host);
        bool atStart = true;
        using IDisposable subscription = _members.Subscribe(change => Tell(new MembersMoved(change, atStart)));
        atStart = false;
        try
        {
            using CancellationTokenRegistration stopping = stop.UnsafeRegister(_ => Tell(new StopAsked()), null);
            Task handling = HandleAsync(), measuring = MeasureAsync();
            await Task.WhenAny(_coordinator.Outcome, _host.Transport.Failure, handling).ConfigureAwait(false);
            await _over.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(handling, measuring).ConfigureAwait(false);
        }
        finally
        {
            await DismissAllAsync(_coordinator.Outcome.IsCompletedSuccessfully ? "it has ended" : "it has failed").ConfigureAwait(false);
        }
        if (!_host.Transport.HasFailed) return await _coordinator.Outcome.ConfigureAwait(false);
        await _coordinator.Writing.ConfigureAwait(false);
        await _host.Transport.Failure.ConfigureAwait(false);
        throw new InvalidOperationException("A failed transport has no failure.");
    }

    /// <summary>A node of the job has something to say about another one, or about itself.</summary>
    public void Complain(Complaint complaint)
    {
        if (complaint.About.Length == 0)
        {
            _host.Transport.Fail(new UserException(
                ErrorKind.Cluster, $"{complaint.Node} failed: {complaint.Reason}", _coordinator.Describe(), $"its own output tells more; the run goes on from its last checkpoint with --resume"));
            return;
        }
        if (_nodes.Find(n => n.Member.Name == complaint.About) is { } about) Tell(new PeerUnreachable(about.Peer, $"{complaint.Node} says: {complaint.Reason}"));
    }

    public async ValueTask DisposeAsync()
    {
        _jobs.Remove(_job);
        await _host.DisposeAsync().ConfigureAwait(false);
        _over.Dispose();
    }

    private void Tell(JobEvent what)
    {
        if (!_events.Writer.TryWrite(what)) _host.Transport.Fail(new InvalidOperationException($"{MaxEvents} events of job {_job} wait to be handled."));
    }

    private async Task HandleAsync()
    {
        try
        {
            await foreach (JobEvent what in _events.Reader.ReadAllAsync(_over.Token).ConfigureAwait(false)) Handle(what);
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            // The run is over.
        }
    }

    /// <summary>How long a step takes each node, for the status page: who is slow.</summary>
    private async Task MeasureAsync()
    {
        using var timer = new PeriodicTimer(PaceInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false)) Tell(new PaceDue());
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            // The run is over.
        }
    }

    private void Handle(JobEvent what)
    {
        switch (what)
        {
            case MembersMoved { Change: MemberJoined e } m: Enlist(e.Member, m.AtStart); break;
            case MembersMoved { Change: MemberLeaving e }: OnLeaving(e.Member); break;
            case MembersMoved { Change: MemberLost e }: OnLost(e.Member, e.Reason); break;
            case EnlistmentEnded e: OnEnlisted(e); break;
            case IntroductionEnded e: OnIntroduced(e); break;
            case AssignmentTaken e: OnAssignment(e.Assignment); break;
            case PeerUnreachable e: OnUnreachable(e); break;
            case StopAsked: _coordinator.Post(new StopRequested()); break;
            case PaceDue:
                foreach (JobNode node in _nodes.Where(n => n.State == JobNodeState.Active && n.Workers.Count > 0)) _ = AskPaceAsync(node);
                break;
        }
    }

    private async Task AskPaceAsync(JobNode node)
    {
        if (await _calls.PaceAsync(node, _over.Token).ConfigureAwait(false) is { } step) _members.ReportStepTime(node.Member, step);
    }

    private void Enlist(ClusterMember member, bool atStart)
    {
        int workers = member.Roles.HasFlag(NodeRoles.Worker) ? member.Workers : 0, servers = member.Roles.HasFlag(NodeRoles.Server) ? 1 : 0;
        if (workers + servers == 0) return;
        var node = new JobNode(member, [.. Enumerable.Range(_nextWorker, workers)], [.. Enumerable.Range(_nextServer, servers)], atStart);
        (_nextWorker, _nextServer, _nodesEver) = (_nextWorker + workers, _nextServer + servers, _nodesEver + 1);
        _nodes.Add(node);
        _ = EnlistAsync(node);
    }

    private async Task EnlistAsync(JobNode node) =>
        Tell(new EnlistmentEnded(node, await _calls.EnlistAsync(node, _over.Token).ConfigureAwait(false)));

    private void OnEnlisted(EnlistmentEnded enlisted)
    {
        if (!_nodes.Contains(enlisted.Node)) return;
        if (enlisted.Problem is { } problem)
        {
            _nodes.Remove(enlisted.Node);
            Tell(enlisted.Node, "refused", problem);
            FailIfNobodyIsLeft(problem);
            IntroduceWhenDue();
            return;
        }
        enlisted.Node.State = JobNodeState.Introducing;
        IntroduceWhenDue();
    }

    private void FailIfNobodyIsLeft(string problem)
    {
        if (_nodes.Count > 0) return;
        _host.Transport.Fail(new UserException(
            ErrorKind.Cluster, $"no node can take part in the job: {problem}", _coordinator.Describe(), "mend what the nodes say, and run it again"));
    }

    /// <summary>One at a time, and those who were there at first together: so a run begins with all of them.</summary>
    private void IntroduceWhenDue()
    {
        bool readsStill = _nodes.Exists(n => n is { IsFirst: true, State: JobNodeState.Enlisting });
        if (_introductions > 0 || readsStill || !_nodes.Exists(n => n.State == JobNodeState.Introducing)) return;
        JobNode[] newcomers = [.. _nodes.Where(n => n.State == JobNodeState.Introducing)];
        JobNode[] all = [.. _nodes.Where(n => n.State != JobNodeState.Enlisting)];
        _introductions++;
        _ = IntroduceAsync(newcomers, all);
    }

    private async Task IntroduceAsync(JobNode[] newcomers, JobNode[] all)
    {
        MemberPlace[] places = [new MemberPlace(Address.Coordinator, _self), .. all.SelectMany(n => n.Places)];
        var unreachable = new List<(JobNode Node, string Why)>();
        try
        {
            await _host.Transport.IntroduceAsync(places, _over.Token).ConfigureAwait(false);
        }
        catch (RpcException e) when (Array.Find(newcomers, n => e.Detail.StartsWith(n.Member.Name + ":", StringComparison.Ordinal)) is { } unlinked)
        {
            unreachable.Add((unlinked, e.Detail));
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            return;
        }
        string?[] problems = await Task.WhenAll(all.Select(n => _calls.IntroduceAsync(n, places, _over.Token))).ConfigureAwait(false);
        for (int i = 0; i < all.Length; i++)
        {
            if (problems[i] is not { } problem) continue;
            // Who was there before is believed: the newcomer that it names, or itself where it names none.
            JobNode guilty = Array.Find(newcomers, n => n != all[i] && problem.StartsWith(n.Member.Name + ":", StringComparison.Ordinal)) ?? all[i];
            unreachable.Add((guilty, $"{all[i].Member.Name} says: {problem}"));
        }
        Tell(new IntroductionEnded(newcomers, unreachable));
    }

    private void OnIntroduced(IntroductionEnded introduced)
    {
        _introductions--;
        foreach ((JobNode node, string why) in introduced.Unreachable) Drop(node, why);
        foreach (JobNode node in introduced.Newcomers.Where(_nodes.Contains))
        {
            if (node.State == JobNodeState.Introducing) node.State = JobNodeState.Active;
            Tell(node, "joined", "");
        }
        TellMembers();
        IntroduceWhenDue();
    }

    private void OnLeaving(ClusterMember member)
    {
        JobNode? node = _nodes.Find(n => n.Member == member);
        if (node is null)
        {
            _members.Release(member);
            return;
        }
        bool worked = node.State == JobNodeState.Active;
        node.State = JobNodeState.Leaving;
        Tell(node, "leaves", "");
        if (worked) TellMembers();
        else Dismiss(node, "it leaves");
    }

    private void OnLost(ClusterMember member, string reason)
    {
        if (_nodes.Find(n => n.Member.Id == member.Id) is not { } node) return;
        Forget(node);
        Tell(node, "lost", reason);
        TellMembers();
    }

    private void OnUnreachable(PeerUnreachable e)
    {
        if (_nodes.Find(n => n.Peer == e.About) is not { } node) return;
        Drop(node, e.Reason);
        TellMembers();
    }

    /// <summary>The node is a member of the cluster still, but not of this job.</summary>
    private void Drop(JobNode node, string why)
    {
        if (!_nodes.Contains(node)) return;
        Forget(node);
        Tell(node, "lost", why);
        _ = _calls.DismissAsync(node, why);
    }

    private void Forget(JobNode node)
    {
        _nodes.Remove(node);
        _lost.AddRange(node.Addresses);
        IntroduceWhenDue();
    }

    private void OnAssignment(Assignment assignment)
    {
        foreach (JobNode node in _nodes.Where(n => n.State == JobNodeState.Leaving).ToList())
        {
            if (!node.Workers.Any(assignment.HasWorker) && !node.Servers.Any(assignment.HasServer)) Dismiss(node, "it leaves");
        }
    }

    private void Dismiss(JobNode node, string why)
    {
        _nodes.Remove(node);
        _ = DismissAsync(node, why);
    }

    private async Task DismissAsync(JobNode node, string why)
    {
        Add(await _calls.DismissAsync(node, why).ConfigureAwait(false));
        _members.Release(node.Member);
    }

    private async Task DismissAllAsync(string why)
    {
        foreach (Dismissed? dismissed in await Task.WhenAll(_nodes.Select(n => _calls.DismissAsync(n, why))).ConfigureAwait(false)) Add(dismissed);
        foreach (JobNode node in _nodes.Where(n => n.State == JobNodeState.Leaving)) _members.Release(node.Member);
    }

    private void Add(Dismissed? dismissed)
    {
        if (dismissed is null) return;
        Interlocked.Add(ref _bytesSent, dismissed.BytesSent);
        Interlocked.Add(ref _bytesReceived, dismissed.BytesReceived);
    }

    private void TellMembers()
    {
        JobNode[] active = [.. _nodes.Where(n => n.State == JobNodeState.Active)];
        if (_nodes.Exists(n => n.State == JobNodeState.Introducing) && active.Length == 0) return;
        _coordinator.Post(new MembersChanged([.. active.SelectMany(n => n.Workers)], [.. active.SelectMany(n => n.Servers)], [.. _lost]));
        _lost.Clear();
    }

    private void Tell(JobNode node, string change, string reason)
    {
        JobNode[] active = [.. _nodes.Where(n => n.State is JobNodeState.Active or JobNodeState.Introducing)];
        _tell(new MemberFigures(
            node.Member.ToString(), change, reason, active.Length, active.Sum(n => n.Workers.Count), active.Sum(n => n.Servers.Count)));
    }
}
