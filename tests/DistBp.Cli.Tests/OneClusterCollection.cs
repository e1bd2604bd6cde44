namespace DistBp.Cli.Tests;

/// <summary>Tests that start many processes: one test after the other, beside all other tests.</summary>
[CollectionDefinition(Name)]
public sealed class OneClusterCollection
{
    public const string Name = "one cluster at a time";
}
