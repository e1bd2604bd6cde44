using System.Diagnostics;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Membership;
using DistBp.Protocol.Messages;
using RosterMemberLost = DistBp.Protocol.Membership.MemberLost;

namespace DistBp.Cluster.Nodes.Members;

/// <summary>Hosts the <see cref="Roster"/> on the coordinator's node: gives it messages and time, and performs its effects.</summary>
/// <param name="isHeld">Whether the reign lasts, by the clock: a process that stood still for longer takes nobody for lost.</param>
/// <param name="tell">Shows a line for each change.</param>
internal sealed class ClusterMembers(FailureDetectorConfiguration detection, TimeProvider time, Func<bool> isHeld, Action<string> tell) : IClusterMembers
{
    // Recursive: a listener that is told of a change may release a member at once.
    private readonly Lock _gate = new();
    private readonly Roster _roster = new(new FailureDetection(detection.HeartbeatInterval, detection.AcceptablePause));
    private readonly Queue<(Message Message, MemberConnection? Connection)> _messages = new();
    private readonly EffectList _effects = new();
    private readonly Dictionary<MemberId, MemberConnection> _connections = [];
    private readonly Dictionary<MemberId, TimeSpan> _stepTimes = [];
    private readonly List<Subscription> _subscriptions = [];
    private readonly long _begin = time.GetTimestamp();
    private string? _refusal;
    private bool _stepping;

    public IReadOnlyList<ClusterMember> Members
    {
        get
        {
            lock (_gate) return [.. _roster.Entries.Where(e => e.State == MemberState.Active).Select(e => ClusterMember.Of(e.Member))];
        }
    }

    /// <summary>All members, whatever their state, with the time of their last step; for the status page.</summary>
    public IReadOnlyList<(RosterEntry Entry, TimeSpan? StepTime)> Entries
    {
        get
        {
            lock (_gate) return [.. _roster.Entries.Select(e => (e, _stepTimes.TryGetValue(e.Member.Id, out TimeSpan step) ? step : (TimeSpan?)null))];
        }
    }

    public TimeSpan Now => time.GetElapsedTime(_begin);

    /// <exception cref="RpcException">ALREADY_EXISTS: the name is taken; RESOURCE_EXHAUSTED: the cluster is full.</exception>
    public MemberConnection Join(MemberDescription member)
    {
        var connection = new MemberConnection();
        lock (_gate)
        {
            _refusal = null;
            Step(new JoinRequested(member), connection);
            if (_refusal is { } reason)
                throw new RpcException(reason.StartsWith("the name", StringComparison.Ordinal) ? StatusCode.AlreadyExists : StatusCode.ResourceExhausted, reason);
        }
        return connection;
    }

    public void Hear(MemberId member) => Step(new HeartbeatReceived(member));

    public void Leave(MemberId member) => Step(new LeaveRequested(member));

    public void Disconnect(MemberId member, string why) => Step(new ConnectionEnded(member, why));

    public void Expel(ClusterMember member, string why)
    {
        if (!member.IsHere) Step(new ConnectionEnded(member.Id, why));
    }

    public void Release(ClusterMember member) => Step(new LeaveGranted(member.Id));

    public void ReportStepTime(ClusterMember member, TimeSpan time)
    {
        lock (_gate)
        {
            if (_connections.ContainsKey(member.Id)) _stepTimes[member.Id] = time;
        }
    }

    public IDisposable Subscribe(Action<MemberChange> listener)
    {
        var subscription = new Subscription(this, listener);
        lock (_gate)
        {
            _subscriptions.Add(subscription);
            foreach (RosterEntry entry in _roster.Entries.ToArray())
            {
                ClusterMember member = ClusterMember.Of(entry.Member);
                if (entry.State == MemberState.Active) listener(new MemberJoined(member));
            }
        }
        return subscription;
    }

    /// <summary>Gives the roster its time, until it is cancelled.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(detection.HeartbeatInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false))
            {
                if (isHeld()) Step(TimePassed.Instance);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The node ends.
        }
    }

    private void Step(Message message, MemberConnection? connection = null)
    {
        lock (_gate)
        {
            _messages.Enqueue((message, connection));
            // A listener of this very step has called: its message follows.
            if (_stepping) return;
            _stepping = true;
            try
            {
                while (_messages.TryDequeue(out (Message Message, MemberConnection? Connection) next))
                {
                    _effects.Clear();
                    _roster.Step(next.Message, Now, _effects);
                    foreach (EffectList.Entry entry in _effects.Entries.ToArray()) Perform(entry.Effect!, next.Connection);
                }
            }
            finally
            {
                _stepping = false;
            }
        }
    }

    private void Perform(Effect effect, MemberConnection? connection)
    {
        switch (effect)
        {
            case MemberAdmitted e: OnAdmitted(e.Member, connection!); break;
            case MemberRefused e: _refusal = e.Reason; break;
            case MemberLeaves e: OnLeaves(e.Member); break;
            case MemberReleased e: _connections[e.Member.Id].Release(); break;
            case MemberLeft e: OnLeft(e.Member); break;
            case RosterMemberLost e: OnLost(e.Member, e.Reason); break;
            default: throw new UnreachableException($"{effect}");
        }
    }

    private void OnAdmitted(MemberDescription member, MemberConnection connection)
    {
        _connections.Add(member.Id, connection);
        Notify(new MemberJoined(ClusterMember.Of(member)), "joined");
    }

    private void OnLeaves(MemberDescription member)
    {
        Notify(new MemberLeaving(ClusterMember.Of(member)), "is leaving");
        if (_subscriptions.Count == 0) _messages.Enqueue((new LeaveGranted(member.Id), null));
    }

    private void OnLeft(MemberDescription member)
    {
        Forget(member.Id, "it has left");
        tell($"{ClusterMember.Of(member)} has left; {Count()}");
    }

    private void OnLost(MemberDescription member, string reason)
    {
        Forget(member.Id, reason);
        Notify(new MemberLost(ClusterMember.Of(member), reason), $"is lost: {reason}");
    }

    private void Forget(MemberId member, string reason)
    {
        _stepTimes.Remove(member);
        if (_connections.Remove(member, out MemberConnection? connection)) connection.End(reason);
    }

    private void Notify(MemberChange change, string words)
    {
        tell($"{change.Member} {words}; {Count()}");
        foreach (Subscription subscription in _subscriptions.ToArray()) subscription.Listener(change);
    }

    private string Count() => _roster.Entries.Count == 1 ? "1 member" : $"{_roster.Entries.Count} members";

    private void Unsubscribe(Subscription subscription)
    {
        lock (_gate)
        {
            if (!_subscriptions.Remove(subscription) || _subscriptions.Count > 0) return;
            foreach (RosterEntry entry in _roster.Entries.Where(e => e.State == MemberState.Leaving).ToArray()) Step(new LeaveGranted(entry.Member.Id));
        }
    }

    private sealed class Subscription(ClusterMembers members, Action<MemberChange> listener) : IDisposable
    {
        public Action<MemberChange> Listener => listener;

        public void Dispose() => members.Unsubscribe(this);
    }
}
