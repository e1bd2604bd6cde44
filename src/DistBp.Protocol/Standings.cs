using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>What servers have said to a coordinator that takes over. What follows from it is a pure decision.</summary>
internal sealed class Standings(int term, Inquiry inquiry)
{
    private readonly HashSet<int> _asked = [];
    private readonly Dictionary<int, ServerStanding> _standings = [];

    /// <summary>Versions that a server has committed; 0 where none has anything.</summary>
    public long Newest => _standings.Values.Max(s => (long?)(s.Version - s.Restored)) ?? 0;

    /// <summary>Whether all have answered, and there is somebody to answer.</summary>
    public bool AreComplete => inquiry.IsAnswered && _asked.Count > 0;

    /// <summary>
    /// All who are back; who comes later is asked too, and whose time is over is not waited for. What a server has said that is lost since is of no use: it cannot act on it.
    /// </summary>
    public void Ask(MembersChanged members, EffectList effects)
    {
        foreach (Address lost in members.Lost.Where(m => m.Role == Role.Server)) _standings.Remove(lost.Index);
        foreach (int server in members.Servers.Where(_asked.Add)) inquiry.Ask(Address.Server(server), new TakeOver(term), effects);
    }

    /// <returns>False where it says nothing new.</returns>
    public bool Add(ServerStanding standing)
    {
        if (standing.Term != term || !inquiry.Answer(Address.Server(standing.Server))) return false;
        _standings[standing.Server] = standing;
        return true;
    }

    /// <summary>From where the run goes on. Null: from its newest checkpoint.</summary>
    /// <param name="plan">Workers at their own pace cannot be settled on one version.</param>
    public Foothold? Find(TrainingPlan plan)
    {
        if (plan.Consistency.IsPaced || Held() is not { } held) return null;
        IReadOnlyList<ServerStanding> standings = [.. held.Assignment.Servers.Where(s => Has(s, held.Assignment)).Select(s => _standings[s])];
        return NewestCourse(standings) is { } course && course.From <= plan.PersistedBefore ? new Foothold(held.Assignment, held.Unfilled, standings, course) : null;
    }

    /// <summary>
    /// The newest assignment that counts: a server has heard that all took it up, or all its servers have loaded their shards. Before that nobody has given up what
    /// he had of the one before. Null: nobody has anything, or somebody is missing whose shard nobody else has.
    /// </summary>
    private Holdings? Held()
    {
        IEnumerable<Assignment> known = _standings.Values.SelectMany(s => (IEnumerable<Assignment?>)[s.Held, s.Loaded]).OfType<Assignment>();
        if (known.Where(IsTakenUp).MaxBy(a => a.Generation) is not { } newest) return null;
        var held = new Holdings(newest, Missing(newest), [.. newest.Servers.Where(s => Has(s, newest)).SelectMany(s => Unfilled(_standings[s], newest))]);
        return newest.Servers.All(owner => held.Holder(owner) is not null) ? held : null;
    }

    /// <summary>The newest that a server was told; at one stop point what comes after it is newer than what is to be done there.</summary>
    private static Course? NewestCourse(IReadOnlyList<ServerStanding> standings) =>
        standings.Select(s => s.Course).OfType<Course>().MaxBy(c => (c.From, c.AtStop ? 0 : 1));

    private bool IsTakenUp(Assignment assignment) =>
        _standings.Values.Any(s => s.Held?.Generation == assignment.Generation)
        || assignment.Servers.All(s => _standings.TryGetValue(s, out ServerStanding? standing) && standing.Loaded?.Generation == assignment.Generation);

    private static IEnumerable<CopyPlace> Unfilled(ServerStanding standing, Assignment held) =>
        (standing.Held?.Generation == held.Generation ? standing.UnfilledOfHeld : standing.UnfilledOfLoaded).Select(owner => new CopyPlace(owner, standing.Server));

    private int[] Missing(Assignment held) => [.. held.Servers.Where(s => !Has(s, held))];

    private bool Has(int server, Assignment held) => _standings.TryGetValue(server, out ServerStanding? standing)
        && (standing.Held?.Generation == held.Generation || standing.Loaded?.Generation == held.Generation);
}

/// <summary>What members hold of a run that is taken over.</summary>
/// <param name="Unfilled">Copies that are not filled.</param>
/// <param name="Standings">Where the servers stand that have a part of it.</param>
/// <param name="Course">The newest that one of them was told.</param>
internal sealed record Foothold(Assignment Held, IReadOnlyCollection<CopyPlace> Unfilled, IReadOnlyList<ServerStanding> Standings, Course Course)
{
    /// <summary>Those from the course on, each once, in order.</summary>
    public IReadOnlyList<MemberMessage> Reports =>
        [.. Standings.SelectMany(s => s.Reports).Where(r => ReportLog.StepOf(r) >= Course.From).DistinctBy(ReportLog.StepOf).OrderBy(ReportLog.StepOf)];
}
