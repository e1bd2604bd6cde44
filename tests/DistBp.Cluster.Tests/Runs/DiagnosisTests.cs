using DistBp.Cluster.Configuration;
using DistBp.Cluster.Storage;
using DistBp.Learning.Diagnosis;

namespace DistBp.Cluster.Tests.Runs;

/// <summary>Diagnoses of real trainings that go wrong, and silence about those that go well.</summary>
public sealed class DiagnosisTests
{
    private static string Deep(int layers, string activation) =>
        "model: {layers: [" + string.Concat(Enumerable.Repeat($"{{dense: 32}}, {activation}, ", layers - 1)) + "{dense: 10}]}";

    /// <param name="isEvaluated">Else nobody stops at the ends of epochs, and the last step's figures come after that.</param>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Ten_layers_of_sigmoids_have_gradients_that_vanish(bool isEvaluated)
    {
        string data = isEvaluated ? "" : "\ndata: {format: digits, test: 0.2, preprocess: [{divide: 16}]}";
        RunProbe probe = await TrainAsync(SmallJobs.Of(Deep(10, "sigmoid") + data, "optimizer={sgd: {rate: 0.1}}", "clip=null", "epochs=4"));
        string warning = Assert.Single(probe.Warnings);
        Assert.StartsWith("gradients vanish: from dense10.weight (norm ", warning, StringComparison.Ordinal);
        Assert.Contains("back to dense1.weight", warning, StringComparison.Ordinal);
        Assert.Contains("use relu (or gelu) with heNormal instead of sigmoid and tanh", warning, StringComparison.Ordinal);
        Finding finding = Assert.Single(probe.Result!.Findings!);
        Assert.Equal((FindingKind.VanishingGradients, warning), (finding.Kind, finding.ToString()));
    }

    [Fact]
    public async Task The_same_network_with_relus_is_well() =>
        Assert.Empty((await TrainAsync(SmallJobs.Of(Deep(10, "relu"), "optimizer={sgd: {rate: 0.05}}", "clip=null", "epochs=4"))).Warnings);

    [Fact]
    public async Task Inputs_that_are_far_too_large_make_gradients_explode_and_clipping_keeps_the_training_stable()
    {
        string large = "data: {format: digits, validation: 0.2, test: 0.2, preprocess: [{divide: 0.01}]}";
        const string Relus = "model={layers: [{dense: 64}, relu, {dense: 64}, relu, {dense: 10}]}";
        RunProbe wild = await TrainAsync(SmallJobs.Of(large, Relus, "optimizer={sgd: {rate: 0.05}}", "clip=null", "epochs=4"));
        string warning = Assert.Single(wild.Warnings, w => w.StartsWith("gradients explode: ", StringComparison.Ordinal));
        Assert.Contains("add `clip: {globalNorm: 1.0}`", warning, StringComparison.Ordinal);
        RunProbe tame = await TrainAsync(SmallJobs.Of(large, Relus, "optimizer={sgd: {rate: 0.03}}", "clip={globalNorm: 1}", "epochs=4"));
        Assert.DoesNotContain(tame.Warnings, w => w.StartsWith("gradients explode", StringComparison.Ordinal));
        Assert.True(tame.Epochs[^1].Train.Loss < 0.5 * tame.Epochs[0].Train.Loss);
        Assert.Equal(44, tame.Result!.ClippedSteps);
    }

    [Theory]
    [InlineData("optimizer={sgd: {rate: 6}}")]
    [InlineData("optimizer={adam: {rate: 1}}")]
    public async Task A_rate_that_is_too_high_is_told_once_and_so_are_the_units_that_it_kills(string rate)
    {
        RunProbe probe = await TrainAsync(SmallJobs.Of("model: {layers: [{dense: 64}, relu, {dense: 64}, relu, {dense: 10}]}", rate, "clip=null", "epochs=6"));
        Assert.Single(probe.Warnings, w => w.StartsWith("the learning rate is too high: ", StringComparison.Ordinal));
        Assert.Single(probe.Warnings, w => w.StartsWith("units are dead: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_recurrent_network_over_200_steps_with_large_weights_explodes_and_clipping_keeps_it_stable()
    {
        using var data = new LongSequences();
        RunProbe wild = await data.TrainAsync("null");
        string warning = Assert.Single(wild.Warnings);
        Assert.StartsWith("gradients explode: from dense1.weight (norm ", warning, StringComparison.Ordinal);
        Assert.Contains(" back to rnn1.", warning, StringComparison.Ordinal);
        Assert.Contains("add `clip: {globalNorm: 1.0}`", warning, StringComparison.Ordinal);

        RunProbe tame = await data.TrainAsync("{globalNorm: 1}");
        Assert.Empty(tame.Warnings);
        Assert.Equal(tame.Result!.Steps, tame.Result.ClippedSteps);
        // One unclipped step throws the weights to where every unit is saturated and nothing is learned any more.
        Assert.True(LargestUpdate(wild) > 1000, $"{LargestUpdate(wild)}");
        Assert.True(LargestUpdate(tame) < 0.1, $"{LargestUpdate(tame)}");
        Assert.All(wild.Statistics[^1].Parameters.Where(p => p.Name.StartsWith("rnn1", StringComparison.Ordinal)), p => Assert.Equal(0, p.GradientNorm));
        Assert.All(tame.Statistics[^1].Parameters, p => Assert.True(p.GradientNorm > 0));
        Assert.All(tame.Epochs, e => Assert.InRange(e.Train.Loss, 0.3, 1.1));

        static double LargestUpdate(RunProbe run) => run.Statistics.SelectMany(s => s.Parameters).Where(p => p.Name.Contains("weight", StringComparison.Ordinal)).Max(p => p.UpdateRatio);
    }

    [Fact]
    public async Task A_rate_that_is_too_low_is_told()
    {
        RunProbe probe = await TrainAsync(SmallJobs.Of(SmallJobs.Adam, "optimizer={sgd: {rate: 0.00001}}", "epochs=3"));
        Assert.StartsWith("the learning rate is too low: after 2 epochs the loss is still ", Assert.Single(probe.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Warnings_are_events_too_and_the_result_reads_back()
    {
        using var run = new TestRun();
        await run.TrainAsync(SmallJobs.Of(Deep(10, "sigmoid"), "optimizer={sgd: {rate: 0.1}}", "epochs=3"), 2, 2);
        Assert.Single(File.ReadLines(run.Paths.Events), l => l.Contains("\"event\":\"warning\"", StringComparison.Ordinal) && l.Contains("gradients vanish", StringComparison.Ordinal));
        Assert.Contains("\"kind\": \"vanishingGradients\"", File.ReadAllText(run.Paths.Result), StringComparison.Ordinal);
        Assert.Equal(FindingKind.VanishingGradients, Assert.Single(RunResult.Load(run.Paths.Result).Findings!).Kind);
    }

    public static TheoryData<string> GoodJobs => [.. SmallJobs.EveryOptimizer.Keys];

    [Theory]
    [MemberData(nameof(GoodJobs))]
    public async Task No_false_alarm_whatever_the_optimizer(string name) =>
        Assert.Empty((await TrainAsync(SmallJobs.Of(SmallJobs.EveryOptimizer[name], "epochs=12"))).Warnings);

    private static async Task<RunProbe> TrainAsync(JobDescription job) => (await TestRun.WholeAsync(job, 2, 2)).Probe;
}
