using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>What servers have said to a coordinator that takes over. What follows from it is a pure decision.</summary>
internal sealed class Standings
{
    private readonly Dictionary<int, ServerStanding> _standings = [];

    /// <summary>Versions that a server has committed; 0 where none has anything.</summary>
    public long Newest => _standings.Values.Max(s => (long?)(s.Version - s.Restored)) ?? 0;

    public void Add(ServerStanding standing) => _standings[standing.Server] = standing;

    /// <summary>What a server has said that is lost since is of no use: it cannot act on it.</summary>
    public void Forget(Address member)
    {
        if (member.Role == Role.Server) _standings.Remove(member.Index);
    }

    /// <summary>
    /// The newest assignment that counts: a server has heard that all took it up, or all its servers have loaded their shards. Before that nobody has given up what
    /// he had of the one before. Null: nobody has anything, or somebody is missing whose shard nobody else has.
    /// </summary>
    public Assignment? Held()
    {
        IEnumerable<Assignment> known = _standings.Values.SelectMany(s => (IEnumerable<Assignment?>)[s.Held, s.Loaded]).OfType<Assignment>();
        Assignment? held = known.Where(IsTakenUp).MaxBy(a => a.Generation);
        return held is not null && held.Servers.All(owner => held.Holder(owner, Missing(held)) is not null) ? held : null;
    }

    /// <summary>Where the servers stand that have a part of it.</summary>
    public IReadOnlyList<ServerStanding> Of(Assignment held) => [.. held.Servers.Where(s => Has(s, held)).Select(s => _standings[s])];

    /// <summary>The newest that a server was told; at one stop point what comes after it is newer than what is to be done there.</summary>
    public static Course? NewestCourse(IReadOnlyList<ServerStanding> standings) =>
        standings.Select(s => s.Course).OfType<Course>().MaxBy(c => (c.From, c.AtStop ? 0 : 1));

    /// <summary>All reports from <paramref name="step"/> on that a server has, each once, in order.</summary>
    public static IReadOnlyList<MemberMessage> Reports(IReadOnlyList<ServerStanding> standings, long step) =>
        [.. standings.SelectMany(s => s.Reports).Where(r => ReportLog.StepOf(r) >= step).DistinctBy(ReportLog.StepOf).OrderBy(ReportLog.StepOf)];

    private bool IsTakenUp(Assignment assignment) =>
        _standings.Values.Any(s => s.Held?.Generation == assignment.Generation)
        || assignment.Servers.All(s => _standings.TryGetValue(s, out ServerStanding? standing) && standing.Loaded?.Generation == assignment.Generation);

    private int[] Missing(Assignment held) => [.. held.Servers.Where(s => !Has(s, held))];

    private bool Has(int server, Assignment held) => _standings.TryGetValue(server, out ServerStanding? standing)
        && (standing.Held?.Generation == held.Generation || standing.Loaded?.Generation == held.Generation);
}
