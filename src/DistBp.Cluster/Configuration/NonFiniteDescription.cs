namespace DistBp.Cluster.Configuration;

/// <summary>What becomes of a step whose loss or gradient is not finite.</summary>
/// <param name="MaxSkips">How many in a row are left unapplied before the run ends; 0: the first one ends it.</param>
public sealed record NonFiniteDescription(int MaxSkips)
{
    public static NonFiniteDescription Stop => new(0);
}
