using System.Threading.Channels;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Jobs;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Wire.Control;
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
/// the <see cref="Coordinator"/> who is there to work. It hosts the coordinator; workers and servers are elsewhere. A run that an earlier coordinator has begun is
/// taken over first, with those alone who are back and hold their part still.
/// </summary>
internal sealed class ClusterRun : IRunCluster
{
    private const int MaxEvents = 1 << 16;
    private static readonly TimeSpan PaceInterval = TimeSpan.FromSeconds(2), ComeBackPause = TimeSpan.FromSeconds(5), MaxComeBackPause = TimeSpan.FromMinutes(1);

    private readonly IClusterMembers _members;
    private readonly NodeJobs _jobs;
    private readonly JobRecord _record;
    private readonly JobCalls _calls;
    private readonly Action<MemberFigures> _tell;
    private readonly long _job;
    private readonly RunStart _start;
    private readonly PeerNode _self;
    private readonly JobHost _host;
    private readonly CoordinatorActor _coordinator;
    private readonly Channel<JobEvent> _events = Channel.CreateBounded<JobEvent>(new BoundedChannelOptions(MaxEvents) { SingleReader = true });
    private readonly CancellationTokenSource _over = new();
    private readonly List<JobNode> _nodes = [];
    private readonly List<Address> _lost = [];

    /// <summary>How often each node, by its name, was taken out of this job.</summary>
    private readonly Dictionary<string, int> _drops = [];

    /// <summary>What came in the middle of a takeover and must wait for its end.</summary>
    private readonly List<JobEvent> _afterTakeover = [];
    private Takeover _takeover;
    private int _nextWorker;
    private int _nextServer;

    /// <summary>Ends the introduction that is under way; null: none is.</summary>
    private CancellationTokenSource? _introduction;
    private int _nodesEver;
    private ulong _bytesSent;
    private ulong _bytesReceived;

    /// <param name="takesOver">Whether nodes may hold parts of the run, from an earlier reign.</param>
    public ClusterRun(NodeContext node, IClusterMembers members, NodeJobs jobs, Enlistment enlistment, JobRecord record, SessionParts session, bool takesOver)
    {
        (_members, _jobs, _record, _tell, _job) = (members, jobs, record, session.Tell, enlistment.Job);
        (_nextWorker, _nextServer) = (record.Stored.NextWorker, record.Stored.NextServer);
        _takeover = takesOver ? Takeover.Gathering : Takeover.Done;
        // Its job's text is kept once.
        _start = RunStartMessage.Of(session.Started);
        _start.Job = "";
        _calls = new JobCalls(node, enlistment);
        // Of another reign it is another peer: nodes open a link to it anew.
        _self = new PeerNode(node.Name, (ulong)record.Term, node.Endpoint);
        var transport = new ClusterTransport(
            _job, node.Rendezvous.Hosting, _self, node.Credentials, node.Limits, new JobSegments(isOn: false, node.Tell), OnBroken, OnBroken)
        {
            LaneTo = peer => node.Lanes.ToMember(new MemberId(peer.Name, peer.Incarnation)),
        };
        _host = new JobHost(session.Memory, transport, [], []);
        _coordinator = new CoordinatorActor(
            session.Plan, session.Memory, session.Reporter, transport, assignment => Tell(new AssignmentTaken(assignment)), checked((int)record.Term), takesOver);
        transport.Register(_coordinator);
    }

    private enum Takeover
    {
        /// <summary>Those who are back are being told of.</summary>
        Gathering,

        /// <summary>They are introduced to each other and to this coordinator.</summary>
        Introducing,

        /// <summary>The coordinator knows who is back; or there was nothing to take over.</summary>
        Done,
    }

    public (double Sent, double Received) BytesANode => _nodesEver == 0 ? (0, 0) : ((double)_bytesSent / _nodesEver, (double)_bytesReceived / _nodesEver);

    public async Task<RunOutcome> RunAsync(CancellationToken stop)
    {
        // Before any node takes part: from now on there is something to go on with.
        await _record.SaveAsync(s => s.Start = _start).ConfigureAwait(false);
        _jobs.Add(_job, _host);
        bool atStart = _takeover == Takeover.Done;
        using IDisposable subscription = _members.Subscribe(change => Tell(new MembersMoved(change, atStart)));
        atStart = false;
        if (_takeover != Takeover.Done) Tell(new TakeoverDue());
        using CancellationTokenRegistration ending = _record.ReignEnded.UnsafeRegister(_ => EndReign(), null);
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
            // Nodes go on with what they are at where another coordinator comes.
            if (_record.IsHeld) await DismissAllAsync(_coordinator.Outcome.IsCompletedSuccessfully ? "it has ended" : "it has failed").ConfigureAwait(false);
        }
        if (!_record.IsHeld)
        {
            await _coordinator.Writing.ConfigureAwait(false);
            throw Over();
        }
        if (!_host.Transport.HasFailed) return await _coordinator.Outcome.ConfigureAwait(false);
        await _coordinator.Writing.ConfigureAwait(false);
        await _host.Transport.Failure.ConfigureAwait(false);
        throw new InvalidOperationException("A failed transport has no failure.");
    }

    /// <summary>A node of the job has something to say about another one, or about itself.</summary>
    public void Complain(Complaint complaint)
    {
        // One that was meant for an earlier coordinator says what this one finds out by itself.
        if (complaint.Term == _record.Term) Tell(new NodeComplained(complaint));
    }

    public async ValueTask DisposeAsync()
    {
        _jobs.Remove(_job);
        await _host.DisposeAsync().ConfigureAwait(false);
        _introduction?.Dispose();
        _over.Dispose();
    }

    /// <summary>The coordinator here steps no more: whatever it would say is another one's to say.</summary>
    private void EndReign()
    {
        _host.Transport.Fail(Over());
        _over.Cancel();
    }

    private ReignEndedException Over() => new($"job {_job} goes on with another coordinator");

    private void OnBroken(PeerNode peer, RpcException why) => Tell(new PeerUnreachable(peer, why.Detail));

    private void Tell(JobEvent what)
    {
        if (!_events.Writer.TryWrite(what)) _host.Transport.Fail(new InvalidOperationException($"{MaxEvents} events of job {_job} wait to be handled."));
    }

    private async Task HandleAsync()
    {
        try
        {
            await foreach (JobEvent what in _events.Reader.ReadAllAsync(_over.Token).ConfigureAwait(false)) await HandleAsync(what).ConfigureAwait(false);
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

    /// <summary>
    /// A process that stood still for longer than its reign finds events of long ago before it is told of the reign's end: whom it takes for lost then are
    /// members that it has no say over any more. (One that stands still right here, and nowhere else, still tells a node once that it is dismissed, in a term
    /// that the node may not know to be over: the node's part is then made anew, as after a loss.)
    /// </summary>
    private async Task HandleAsync(JobEvent what)
    {
        if (!_record.IsHeld) throw Over();
        switch (what)
        {
            case MembersMoved { Change: MemberJoined e } m: Enlist(e.Member, m.AtStart); break;
            case MembersMoved { Change: MemberLeaving } when _takeover != Takeover.Done: _afterTakeover.Add(what); break;
            case MembersMoved { Change: MemberLeaving e }: await OnLeavingAsync(e.Member).ConfigureAwait(false); break;
            case MembersMoved { Change: MemberLost e }: await OnLostAsync(e.Member, e.Reason).ConfigureAwait(false); break;
            case TakeoverDue: await OnTakeoverDueAsync().ConfigureAwait(false); break;
            case EnlistmentEnded e: OnEnlisted(e); break;
            case IntroductionEnded e: await OnIntroducedAsync(e).ConfigureAwait(false); break;
            case AssignmentTaken e: await OnAssignmentAsync(e.Assignment).ConfigureAwait(false); break;
            case PeerUnreachable e: await OnUnreachableAsync(e).ConfigureAwait(false); break;
            case NodeComplained e: await OnComplaintAsync(e.Complaint).ConfigureAwait(false); break;
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
        if (_takeover == Takeover.Gathering && KeptBy(member) is { } kept)
        {
            _nodes.Add(new JobNode(member, kept.Workers, kept.Servers, isFirst: false) { IsBack = true, State = JobNodeState.Introducing });
            _nodesEver++;
            return;
        }
        int workers = member.Roles.HasFlag(NodeRoles.Worker) ? member.Workers : 0, servers = member.Roles.HasFlag(NodeRoles.Server) ? 1 : 0;
        if (workers + servers == 0) return;
        var node = new JobNode(member, [.. Enumerable.Range(_nextWorker, workers)], [.. Enumerable.Range(_nextServer, servers)], atStart);
        (_nextWorker, _nextServer, _nodesEver) = (_nextWorker + workers, _nextServer + servers, _nodesEver + 1);
        _nodes.Add(node);
        _ = EnlistAsync(node);
    }

    /// <summary>The node's part of the run, where it has kept it since it was counted on.</summary>
    private JobPart? KeptBy(ClusterMember member) =>
        member.Jobs.FirstOrDefault(p => p.Job == _job && _record.Stored.Nodes.Any(n => n.Keeps(member.Id, p)));

    private async Task EnlistAsync(JobNode node)
    {
        // It has come back too late for what it holds to count.
        if (node.Member.Jobs.Any(p => p.Job == _job)) await _calls.DismissAsync(node.Member, "the run has gone on without it").ConfigureAwait(false);
        Tell(new EnlistmentEnded(node, await _calls.EnlistAsync(node, _over.Token).ConfigureAwait(false)));
    }

    /// <summary>Whoever is not back by now is lost.</summary>
    private async Task OnTakeoverDueAsync()
    {
        _takeover = Takeover.Introducing;
        foreach (StoredNode missing in _record.Stored.Nodes.Where(n => !_nodes.Exists(b => b.IsBack && b.Member.Name == n.Name)))
            _lost.AddRange([.. missing.Workers.Select(Address.Worker), .. missing.Servers.Select(Address.Server)]);
        if (_nodes.Exists(n => n.IsBack)) IntroduceWhenDue();
        else await EndTakeoverAsync().ConfigureAwait(false);
    }

    private async Task EndTakeoverAsync()
    {
        _takeover = Takeover.Done;
        await TellMembersAsync().ConfigureAwait(false);
        foreach (JobEvent what in _afterTakeover) await HandleAsync(what).ConfigureAwait(false);
        _afterTakeover.Clear();
    }

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
        if (_introduction is not null || readsStill || _takeover == Takeover.Gathering) return;
        // A run is taken over by those who hold a part of it; who has come new takes part from then on.
        JobNode[] newcomers = [.. _nodes.Where(n => n.State == JobNodeState.Introducing && (n.IsBack || _takeover == Takeover.Done))];
        if (newcomers.Length == 0) return;
        JobNode[] all = [.. _nodes.Where(n => n.State is JobNodeState.Active or JobNodeState.Leaving || newcomers.Contains(n))];
        _introduction = CancellationTokenSource.CreateLinkedTokenSource(_over.Token);
        _ = IntroduceAsync(newcomers, all, _introduction.Token);
    }

    private async Task IntroduceAsync(JobNode[] newcomers, JobNode[] all, CancellationToken end)
    {
        MemberPlace[] places = [new MemberPlace(Address.Coordinator, _self), .. all.SelectMany(n => n.Places)];
        var unreachable = new List<(JobNode Node, string Why)>();
        try
        {
            foreach ((PeerNode peer, RpcException why) in await _host.Transport.IntroduceAsync(places, end).ConfigureAwait(false))
                unreachable.Add((Array.Find(all, n => n.Peer == peer)!, why.Detail));
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            Tell(new IntroductionEnded(newcomers, null));
            return;
        }
        string?[] problems = await Task.WhenAll(all.Select(n => _calls.IntroduceAsync(n, places, end))).ConfigureAwait(false);
        if (end.IsCancellationRequested)
        {
            Tell(new IntroductionEnded(newcomers, null));
            return;
        }
        for (int i = 0; i < all.Length; i++)
        {
            // Who cannot be reached himself is no witness; of two who blame each other one stays.
            if (problems[i] is not { } problem || unreachable.Exists(u => u.Node == all[i])) continue;
            foreach (string line in problem.Split('\n'))
            {
                // Those that it names, or itself where it names none.
                JobNode guilty = Array.Find(all, n => n != all[i] && line.StartsWith(n.Member.Name + ":", StringComparison.Ordinal)) ?? all[i];
                if (!unreachable.Exists(u => u.Node == guilty)) unreachable.Add((guilty, $"{all[i].Member.Name} says: {line}"));
            }
        }
        Tell(new IntroductionEnded(newcomers, unreachable));
    }

    private async Task OnIntroducedAsync(IntroductionEnded introduced)
    {
        if (introduced.Unreachable is { } unreachable) await TakeInAsync(introduced.Newcomers, unreachable).ConfigureAwait(false);
        // Nobody may be left of those who were to be taken over.
        else if (_takeover == Takeover.Introducing && !_nodes.Exists(n => n.IsBack)) await EndTakeoverAsync().ConfigureAwait(false);
        _introduction!.Dispose();
        _introduction = null;
        IntroduceWhenDue();
    }

    private async Task TakeInAsync(IReadOnlyList<JobNode> newcomers, IReadOnlyList<(JobNode Node, string Why)> unreachable)
    {
        foreach ((JobNode node, string why) in unreachable) Drop(node, why);
        foreach (JobNode node in newcomers.Where(_nodes.Contains))
        {
            if (node.State == JobNodeState.Introducing) node.State = JobNodeState.Active;
            Tell(node, node.IsBack ? "is back" : "joined", "");
        }
        if (_takeover == Takeover.Introducing) await EndTakeoverAsync().ConfigureAwait(false);
        else await TellMembersAsync().ConfigureAwait(false);
    }

    private async Task OnLeavingAsync(ClusterMember member)
    {
        JobNode? node = _nodes.Find(n => n.Member.Id == member.Id);
        if (node is null)
        {
            _members.Release(member);
            return;
        }
        bool worked = node.State == JobNodeState.Active;
        node.State = JobNodeState.Leaving;
        Tell(node, "leaves", "");
        if (worked) await TellMembersAsync().ConfigureAwait(false);
        else Dismiss(node, "it leaves");
    }

    private async Task OnLostAsync(ClusterMember member, string reason)
    {
        if (_nodes.Find(n => n.Member.Id == member.Id) is not { } node) return;
        Forget(node);
        Tell(node, "lost", reason);
        await TellMembersAsync().ConfigureAwait(false);
    }

    private async Task OnUnreachableAsync(PeerUnreachable e)
    {
        if (_nodes.Find(n => n.Peer == e.About) is not { } node) return;
        Drop(node, e.Reason);
        await TellMembersAsync().ConfigureAwait(false);
    }

    /// <summary>What a node that takes part no more has to say does not count, nor what is said of one.</summary>
    private Task OnComplaintAsync(Complaint c)
    {
        if (!_nodes.Exists(n => n.Member.Id == new MemberId(c.Node, c.Incarnation))) return Task.CompletedTask;
        if (c.About.Length == 0)
        {
            _host.Transport.Fail(new UserException(
                ErrorKind.Cluster, $"{c.Node} failed: {c.Reason}", _coordinator.Describe(), "its own output tells more; the run goes on from its last checkpoint with --resume"));
        }
        JobNode? about = _nodes.Find(n => n.Member.Id == new MemberId(c.About, c.AboutIncarnation));
        if (about is null) return Task.CompletedTask;
        string reason = c.About == c.Node ? c.Reason : $"{c.Node} says: {c.Reason}";
        return OnUnreachableAsync(new PeerUnreachable(about.Peer, reason));
    }

    /// <summary>The node takes part in this job no more. It may come back, as another incarnation: at once at first, and later each time, where it is not to be reached again and again.</summary>
    private void Drop(JobNode node, string why)
    {
        if (!_nodes.Contains(node)) return;
        bool worked = node.State == JobNodeState.Active;
        int drops = _drops.GetValueOrDefault(node.Member.Name);
        _drops[node.Member.Name] = drops + 1;
        TimeSpan pause = ComeBackPause * (worked ? drops : drops + 1);
        Forget(node);
        Tell(node, "lost", why);
        _ = LetComeBackAsync(node, why, pause < MaxComeBackPause ? pause : MaxComeBackPause);
    }

    private async Task LetComeBackAsync(JobNode node, string why, TimeSpan pause)
    {
        CancellationToken over = _over.Token;
        await _calls.DismissAsync(node.Member, why).ConfigureAwait(false);
        await Task.Delay(pause, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // The next job asks all members.
        if (!over.IsCancellationRequested) _members.Expel(node.Member, why);
    }

    /// <summary>Others who are just being introduced to it need not wait for it.</summary>
    private void Forget(JobNode node)
    {
        _nodes.Remove(node);
        _lost.AddRange(node.Addresses);
        if (node.State != JobNodeState.Enlisting) _introduction?.Cancel();
        IntroduceWhenDue();
    }

    /// <summary>Who leaves and has handed over goes, and a coordinator after this one does not wait for it.</summary>
    private async Task OnAssignmentAsync(Assignment assignment)
    {
        JobNode[] gone = [.. _nodes.Where(n => n.State == JobNodeState.Leaving && !n.Workers.Any(assignment.HasWorker) && !n.Servers.Any(assignment.HasServer))];
        if (gone.Length == 0) return;
        foreach (JobNode node in gone) Dismiss(node, "it leaves");
        await KeepNodesAsync().ConfigureAwait(false);
    }

    private void Dismiss(JobNode node, string why)
    {
        _nodes.Remove(node);
        _ = DismissAsync(node, why);
    }

    private async Task DismissAsync(JobNode node, string why)
    {
        Add(await _calls.DismissAsync(node.Member, why).ConfigureAwait(false));
        _members.Release(node.Member);
    }

    private async Task DismissAllAsync(string why)
    {
        foreach (Dismissed? dismissed in await Task.WhenAll(_nodes.Select(n => _calls.DismissAsync(n.Member, why))).ConfigureAwait(false)) Add(dismissed);
        foreach (JobNode node in _nodes.Where(n => n.State == JobNodeState.Leaving)) _members.Release(node.Member);
    }

    private void Add(Dismissed? dismissed)
    {
        if (dismissed is null) return;
        Interlocked.Add(ref _bytesSent, dismissed.BytesSent);
        Interlocked.Add(ref _bytesReceived, dismissed.BytesReceived);
    }

    /// <summary>
    /// Before the coordinator counts on a node, and before it goes on without one, that is kept for the coordinator after it: then a node whose part does not count
    /// any more cannot be taken for one whose part does.
    /// </summary>
    private async Task TellMembersAsync()
    {
        if (_takeover != Takeover.Done) return;
        JobNode[] active = [.. _nodes.Where(n => n.State == JobNodeState.Active)];
        if (_nodes.Exists(n => n.State == JobNodeState.Introducing) && active.Length == 0 && _lost.Count == 0) return;
        await KeepNodesAsync().ConfigureAwait(false);
        _coordinator.Post(new MembersChanged([.. active.SelectMany(n => n.Workers)], [.. active.SelectMany(n => n.Servers)], [.. _lost]));
        _lost.Clear();
    }

    private Task KeepNodesAsync()
    {
        StoredNode[] kept = [.. _nodes.Where(n => n.State is JobNodeState.Active or JobNodeState.Leaving).Select(n => StoredNode.Of(n.Member.Id, n.Workers, n.Servers))];
        return _record.SaveAsync(s =>
        {
            s.Nodes.Clear();
            s.Nodes.AddRange(kept);
            (s.NextWorker, s.NextServer) = (_nextWorker, _nextServer);
        });
    }

    private void Tell(JobNode node, string change, string reason)
    {
        JobNode[] active = [.. _nodes.Where(n => n.State is JobNodeState.Active or JobNodeState.Introducing)];
        _tell(new MemberFigures(
            node.Member.ToString(), change, reason, active.Length, active.Sum(n => n.Workers.Count), active.Sum(n => n.Servers.Count)));
    }
}
