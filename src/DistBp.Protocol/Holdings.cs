namespace DistBp.Protocol;

/// <summary>A copy of a shard.</summary>
/// <param name="Owner">Whose shard it is.</param>
/// <param name="Backup">Who keeps the copy.</param>
public readonly record struct CopyPlace(int Owner, int Backup);

/// <summary>
/// Who has which shards of an assignment: each owner his own, and each backup those copies that are filled. What comes after it is made of that, and everybody
/// derives the same from it.
/// </summary>
/// <param name="Lost">Servers that are gone.</param>
/// <param name="Unfilled">Copies that lack something still: they count for nothing.</param>
public sealed record Holdings(Assignment Assignment, IReadOnlyCollection<int> Lost, IReadOnlyCollection<CopyPlace> Unfilled)
{
    /// <summary>Who hands the owner's shard over: the owner, else the first of its backups that has it; null: it is lost.</summary>
    public int? Holder(int owner)
    {
        if (!Lost.Contains(owner)) return owner;
        foreach (int backup in Assignment.Backups(owner))
        {
            if (Has(backup, owner)) return backup;
        }
        return null;
    }

    /// <summary>Whether the server has the owner's shard, or a copy of it.</summary>
    public bool Has(int server, int owner) => Assignment.HasServer(server) && !Lost.Contains(server)
        && (server == owner || (Assignment.Backups(owner).Contains(server) && !Unfilled.Contains(new CopyPlace(owner, server))));

    /// <summary>Whether the server has all of the range, in its own shard and its copies.</summary>
    public bool Covers(int server, ParameterShard range) =>
        Assignment.Servers.Where(owner => Has(server, owner)).Sum(owner => range.Overlap(Assignment.Shard(owner)).Count) == range.Count;

    /// <summary>The copies of the assignment after it that its backups do not have already: their owners fill them while steps are made.</summary>
    /// <param name="before">Null: the coordinator's host hands everything over, to backups too.</param>
    public static IReadOnlyList<CopyPlace> UnfilledIn(Assignment next, Holdings? before) => before is null ? [] :
    [
        .. next.Servers.SelectMany(owner => next.Backups(owner).Select(backup => new CopyPlace(owner, backup)))
            .Where(copy => !before.Covers(copy.Backup, next.Shard(copy.Owner))),
    ];
}
