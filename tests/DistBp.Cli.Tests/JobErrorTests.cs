namespace DistBp.Cli.Tests;

public sealed class JobErrorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_job_file_that_does_not_exist_is_named() => CommandRun.Run(_folder, "train", "nothing.yaml").ShouldFail(2, "nothing.yaml");

    [Fact]
    public void An_unknown_key_suggests_the_nearest() =>
        CommandRun.Run(_folder, "train", SampleJobs.WriteIris(_folder, "epoch: 3")).ShouldFail(
            2, "iris.yaml:", "epoch", "did you mean \"epochs\"?");

    [Fact]
    public void A_value_of_the_wrong_type_is_told_with_its_key() =>
        CommandRun.Run(_folder, "train", SampleJobs.WriteIris(_folder), "--set", "batch=many").ShouldFail(2, "batch", "many");

    [Fact]
    public void An_override_without_a_value_is_told() =>
        CommandRun.Run(_folder, "train", SampleJobs.WriteIris(_folder), "--set", "epochs").ShouldFail(2, "epochs", "KEY=VALUE");

    [Fact]
    public void All_errors_of_a_job_are_told_at_once()
    {
        string job = _folder.Write("bad.yaml", """
            name: bad job
            data: {format: csv, train: {path: x.csv, lable: y}}
            model: {layers: [{dense: -4}, rellu]}
            loss: softmaxCrossEntropy
            optimizer: {adam: {rate: fast}}
            """);
        CommandRun.Run(_folder, "train", job).ShouldFail(2, "bad.yaml:1", "bad.yaml:2", "lable", "bad.yaml:3", "rellu", "bad.yaml:5",
            "fast");
    }

    [Fact]
    public void Layers_that_do_not_fit_the_classes_are_told_with_shapes() =>
        CommandRun.Run(_folder, "train", SampleJobs.WriteIris(_folder), "--set", "model.layers=[{dense: 8}, relu, {dense: 2}]").ShouldFail(
            2, "dense2", "2", "3");

    [Fact]
    public void A_mini_batch_larger_than_the_data_is_refused() =>
        CommandRun.Run(_folder, "train", SampleJobs.WriteIris(_folder), "--set", "batch=1000").ShouldFail(2, "batch", "1000", "90");

    [Theory]
    [InlineData("batch=1000", "batch")]
    [InlineData("initialWeights=none.safetensors", "none.safetensors")]
    public void Nothing_is_left_behind_by_a_job_that_is_refused(string setting, string named)
    {
        CommandRun.Run(_folder, "train", SampleJobs.WriteIris(_folder), "--set", setting, "--out", "run").ShouldFail(2, named);
        Assert.False(Directory.Exists(_folder.File("run")));
    }

    [Fact]
    public void A_learning_rate_that_is_far_too_high_ends_as_diverged()
    {
        string job = SampleJobs.WriteIris(_folder);
        CommandOutcome outcome = CommandRun.Run(
            _folder, "train", job, "--quiet", "--set", "optimizer={sgd: {rate: 1e30}}", "--set", "clip=null");
        outcome.ShouldFail(4, "not a finite", "step", "learning rate");
    }
}
