namespace DistBp.Cluster.Rendezvous.Kept;

/// <summary>
/// Who keeps copies of the coordinator's state, as the cluster is now: the nodes that may become the coordinator. What all of them that are reachable have, and the
/// majority of them, is known to whoever reigns next: of a partition one side goes on, and the next coordinator asks all who are there.
/// </summary>
internal readonly record struct Keepers<TKeeper>(IReadOnlyCollection<TKeeper> Up, IReadOnlySet<TKeeper> Unreachable)
    where TKeeper : notnull
{
    /// <summary>Those who have answered are enough.</summary>
    public bool AreMet(IReadOnlySet<TKeeper> answered)
    {
        IReadOnlySet<TKeeper> unreachable = Unreachable;
        return Up.All(k => answered.Contains(k) || unreachable.Contains(k)) && 2 * Up.Count(answered.Contains) > Up.Count;
    }
}
