namespace DistBp.Cluster.Tests.Actors;

/// <summary>
/// Tests that count allocated bytes: no other test runs meanwhile. (Those of a thread as well: a garbage collection, which others bring
/// about, counts the rest of the thread's allocation buffer as allocated.)
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
