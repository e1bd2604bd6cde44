namespace DistBp.Cluster.Tests.Actors;

/// <summary>Tests that count what the whole process allocates: no other test runs meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
