using System.Diagnostics;
using System.Globalization;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Membership;

/// <summary>
/// Who belongs to the cluster, as the coordinator sees it. A member is lost when its connection ends before it was released, or when it has
/// been silent for longer than the acceptable pause: known after <see cref="FailureDetection.Bound"/> at the latest. Who is lost comes back
/// only as another incarnation, for what it holds may be out of date.
/// </summary>
public sealed class Roster(FailureDetection detection)
{
    public const int MaxMembers = 4096;

    private readonly SortedDictionary<string, RosterEntry> _entries = new(StringComparer.Ordinal);
    private readonly List<string> _silent = [];
    private TimeSpan? _lookedAt;

    /// <summary>In the order of their names.</summary>
    public IReadOnlyCollection<RosterEntry> Entries => _entries.Values;

    /// <param name="now">On any clock that never goes back.</param>
    public void Step(Message message, TimeSpan now, EffectList effects)
    {
        switch (message)
        {
            case JoinRequested m: OnJoinRequested(m.Member, now, effects); break;
            case HeartbeatReceived m: OnHeartbeat(m.Member, now); break;
            case LeaveRequested m: OnLeaveRequested(m.Member, now, effects); break;
            case LeaveGranted m: OnLeaveGranted(m.Member, effects); break;
            case ConnectionEnded m: OnConnectionEnded(m, effects); break;
            case TimePassed: OnTimePassed(now, effects); break;
            default: throw new UnreachableException($"The roster received {message}.");
        }
    }

    private void OnJoinRequested(MemberDescription member, TimeSpan now, EffectList effects)
    {
        if (RefusalOf(member, now) is { } reason)
        {
            effects.Perform(new MemberRefused(member, reason));
            return;
        }
        _entries.Add(member.Id.Name, new RosterEntry(member, MemberState.Active, now, now));
        effects.Perform(new MemberAdmitted(member));
    }

    private string? RefusalOf(MemberDescription member, TimeSpan now)
    {
        if (_entries.TryGetValue(member.Id.Name, out RosterEntry? other))
        {
            string heard = other.Member.IsHere ? "it is the coordinator's own node" : $"last heard {Text(now - other.HeardAt)} ago";
            return $"the name '{member.Id.Name}' is taken by the live node at {other.Member.Endpoint} ({heard})";
        }
        return _entries.Count < MaxMembers ? null : $"the cluster is full: it has {MaxMembers} members";
    }

    private void OnHeartbeat(MemberId id, TimeSpan now)
    {
        if (Find(id) is { } entry) _entries[id.Name] = entry with { HeardAt = now };
    }

    private void OnLeaveRequested(MemberId id, TimeSpan now, EffectList effects)
    {
        if (Find(id) is not { State: MemberState.Active } entry) return;
        _entries[id.Name] = entry with { State = MemberState.Leaving, HeardAt = now };
        effects.Perform(new MemberLeaves(entry.Member));
    }

    private void OnLeaveGranted(MemberId id, EffectList effects)
    {
        if (Find(id) is not { State: MemberState.Leaving } entry) return;
        _entries[id.Name] = entry with { State = MemberState.Released };
        effects.Perform(new MemberReleased(entry.Member));
    }

    private void OnConnectionEnded(ConnectionEnded message, EffectList effects)
    {
        if (Find(message.Member) is { } entry) Remove(entry, $"its connection ended: {message.Why}", effects);
    }

    private void OnTimePassed(TimeSpan now, EffectList effects)
    {
        TimeSpan late = _lookedAt is { } before ? now - before - detection.HeartbeatInterval : TimeSpan.Zero;
        _lookedAt = now;
        // Who stood still himself cannot judge the others' silence: what they sent meanwhile may lie unread. They get the time back.
        if (late > detection.AcceptablePause / 2) Forgive(late, now);
        _silent.Clear();
        foreach (RosterEntry entry in _entries.Values)
        {
            if (!entry.Member.IsHere && now - entry.HeardAt > detection.AcceptablePause) _silent.Add(entry.Member.Id.Name);
        }
        foreach (string name in _silent)
        {
            RosterEntry entry = _entries[name];
            Remove(entry, $"no heartbeat for {Text(now - entry.HeardAt)}, and acceptable-pause is {Text(detection.AcceptablePause)}", effects);
        }
    }

    private void Forgive(TimeSpan late, TimeSpan now)
    {
        foreach (RosterEntry entry in _entries.Values.ToArray())
        {
            TimeSpan heard = entry.HeardAt + late;
            _entries[entry.Member.Id.Name] = entry with { HeardAt = heard < now ? heard : now };
        }
    }

    private void Remove(RosterEntry entry, string reason, EffectList effects)
    {
        _entries.Remove(entry.Member.Id.Name);
        effects.Perform(entry.State == MemberState.Released ? new MemberLeft(entry.Member) : new MemberLost(entry.Member, reason));
    }

    /// <summary>Null for an incarnation that is no member any more: what it sends is of no interest.</summary>
    private RosterEntry? Find(MemberId id) => _entries.TryGetValue(id.Name, out RosterEntry? entry) && entry.Member.Id == id ? entry : null;

    private static string Text(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0##} s");
}
