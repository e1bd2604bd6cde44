namespace DistBp.Cli.Tests;

/// <summary>
/// Tests that count allocated bytes: no other test runs meanwhile. (A garbage collection, which others bring about, counts the rest of a
/// thread's allocation buffer as allocated.)
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
