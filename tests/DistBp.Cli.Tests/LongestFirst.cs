using DistBp.Cli.Tests.Chaos;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("DistBp.Cli.Tests.LongestFirst", "DistBp.Cli.Tests")]

namespace DistBp.Cli.Tests;

/// <summary>What takes minutes begins first, so that nothing waits for it at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderByDescending(c => c.DisplayName.Contains(nameof(ChaosTests), StringComparison.Ordinal));
}
