using System.Runtime.CompilerServices;
using DistBp.Cluster.Tuning;
using DistBp.Learning;
using DistBp.Learning.Search;

namespace DistBp.Cluster.Tests.Tuning;

public sealed class SpaceFileTests
{
    [Fact]
    public void Every_kind_is_read()
    {
        IReadOnlyList<SpaceEntry> space = SpaceFile.Parse(
            """
            optimizer.adam.rate: {log: [1e-4, 1e-1]}
            regularization.l2: {uniform: [0, 0.01], points: 7}
            model.layers.0.dense: {int: [16, 256], log: true}
            epochs: {int: [1, 5]}
            batch: {choice: [32, 64]}
            model.layers.1: {choice: [relu, {leakyRelu: {name: x}}]}
            """, "space.yaml");
        Assert.Equal(
            [
                new RealParameter(1e-4, 0.1, true), new RealParameter(0, 0.01, false), new WholeParameter(16, 256, true),
                new WholeParameter(1, 5, false), new ChoiceParameter(2), new ChoiceParameter(2),
            ],
            space.Select(e => e.Parameter));
        Assert.Equal(7, space[1].GridPoints);
        Assert.Equal("batch=64", space[4].Setting(1));
        Assert.Equal("model.layers.1={leakyRelu: {name: x}}", space[5].Setting(1));
        Assert.Equal("model.layers.0.dense=128", space[2].Setting(128));
        // What is written is read again.
        Assert.Equal(
            space.Select(e => e.Describe()), SpaceFile.Parse(string.Join('\n', space.Select(e => e.Describe())), "again").Select(e => e.Describe()));
    }

    [Theory]
    [InlineData("[1, 2]", "space.yaml:1:1", "expected a map of keys of the job, found a list")]
    [InlineData("batch: 3", "space.yaml:1:8 batch", "expected what to try, found \"3\"")]
    [InlineData("batch: {choice: 32}", "space.yaml:1:17 batch.choice", "expected a list of values")]
    [InlineData("batch: {choice: [32, 32]}", "space.yaml:1:22 batch.choice", "stands here twice")]
    [InlineData("a: {choice: [1]}\na: {choice: [2]}", "space.yaml:2:1", "the key \"a\" stands here twice")]
    [InlineData("rate: {log: [0, 1]}", "space.yaml:1:14 rate.log", "expected a number above 0, found \"0\"")]
    [InlineData("rate: {log: [1, 2, 3]}", "space.yaml:1:13 rate.log", "expected the least and the greatest value")]
    [InlineData("rate: {uniform: [2, 2]}", "space.yaml:1:17 rate.uniform", "the least value, 2, is not below the greatest, 2")]
    [InlineData("rate: {unifrom: [1, 2]}", "space.yaml:1:8 rate.unifrom", "unknown key \"unifrom\"")]
    [InlineData("epochs: {int: [0.5, 2]}", "space.yaml:1:16 epochs.int", "expected a whole number")]
    [InlineData("epochs: {int: [0, 2], log: true}", "space.yaml:1:16 epochs.int", "expected a whole number from 1")]
    [InlineData("epochs: {int: [1, 2], log: yes}", "space.yaml:1:28 epochs.log", "expected true or false")]
    [InlineData("rate: {points: 3}", "space.yaml:1:7 rate", "expected one of uniform, log, int, choice, found none")]
    [InlineData("rate: {uniform: [1, 2], log: [1, 2]}", "space.yaml:1:7 rate", "found uniform and log")]
    [InlineData("optimizer: {choice: [adam]}\noptimizer.adam.rate: {log: [1, 2]}", "space.yaml:2:1", "\"optimizer\" is searched, too")]
    public void What_is_wrong_is_told_with_its_line(string text, string where, string what)
    {
        var wrong = Assert.Throws<UserException>(() => SpaceFile.Parse(text, "space.yaml"));
        Assert.Equal(ErrorKind.Usage, wrong.Kind);
        Problem problem = Assert.Single(wrong.Problems);
        Assert.Equal(where, problem.Where);
        Assert.Contains(what, problem.What, StringComparison.Ordinal);
        Assert.NotEqual("", problem.Remedy);
    }

    [Fact]
    public void The_space_of_the_repository_fits_its_job()
    {
        string jobs = Path.GetFullPath(Path.Combine(Here(), "..", "..", "..", "..", "deploy", "jobs")), file = Path.Combine(jobs, "digits-space.yaml");
        var options = new TuningOptions(Path.Combine(jobs, "digits.yaml"), [], file, SearchKind.Random, "validationLoss");
        SpaceChecks.RequireValues(options, SpaceFile.Read(file));
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
