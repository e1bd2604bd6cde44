namespace DistBp.Cluster.Benchmarks;

/// <param name="Joining">The coordinator's processor time until all members are admitted and assigned.</param>
/// <param name="Stepping">Its time in steps.</param>
/// <param name="Changing">Its time from the word that members leave until all go on.</param>
/// <param name="WorkerBytes">That a worker sends and gets over all steps, in the mean.</param>
/// <param name="CoordinatorBytes">That the coordinator sends and gets in all steps.</param>
/// <param name="Messages">Of all members in all steps.</param>
public sealed record ControlPlaneFigures(
    TimeSpan Joining, TimeSpan Stepping, TimeSpan Changing, double WorkerBytes, double ServerBytes, double CoordinatorBytes, long Messages)
{
    /// <summary>Of all that is said between steps, for each member: two assignments, and what leads to them.</summary>
    public double AssigningBytes { get; init; }

    /// <summary>Steps that were committed, with every slice.</summary>
    public long WholeSteps { get; init; }
}
