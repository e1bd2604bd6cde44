using System.Runtime.CompilerServices;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning.Data;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Tests.Runs;

public sealed class ExampleJobTests
{
    [Fact]
    public async Task The_digits_that_run_with_no_argument_reach_97_of_100()
    {
        using var run = new TestRun();
        RunResult result = await run.TrainAsync(JobFile.Embedded([]), 2, 2);
        Assert.InRange(result.TestAccuracy!.Value, 0.97, 1);
    }

    [Theory]
    [InlineData("flowers", 0.93)]
    [InlineData("customers", 0.85)]
    public async Task The_classes_of_a_csv_file_are_learned(string name, double accuracy)
    {
        using var run = new TestRun();
        RunResult result = await run.TrainAsync(Read(name), 2, 2);
        Assert.InRange(result.TestAccuracy!.Value, accuracy, 1);
    }

    [Fact]
    public async Task Customers_have_an_area_under_the_curve_that_is_the_same_under_any_workers()
    {
        using var run = new TestRun();
        await run.TrainAsync(Read("customers"), 2, 2);
        SavedRun saved = SavedRun.Open(run.Folder);
        double[] areas = await Task.WhenAll(new[] { 1, 2, 5 }.Select(async workers =>
            (await EvaluationSession.RunAsync(saved, DataPart.Train, saved.ReadPart(DataPart.Train), workers, CancellationToken.None)).RocArea!.Value));
        Assert.Single(areas.Distinct());
        Assert.InRange(areas[0], 0.9, 1);
    }

    [Fact]
    public async Task The_prices_of_the_houses_are_learned()
    {
        using var run = new TestRun();
        await run.TrainAsync(Read("houses"), 2, 2);
        SavedRun saved = SavedRun.Open(run.Folder);
        EvaluationReport report = await EvaluationSession.RunAsync(saved, DataPart.Test, saved.ReadPart(DataPart.Test), 2, CancellationToken.None);
        Assert.InRange(report.Values.RSquared!.Value, 0.8, 1);
    }

    [Fact]
    public async Task The_autoencoder_gives_clean_digits_back_that_it_has_never_seen()
    {
        using var run = new TestRun();
        await run.TrainAsync(Read("digits-autoencoder"), 2, 2);
        SavedRun saved = SavedRun.Open(run.Folder);
        Dataset test = saved.ReadPart(DataPart.Test);
        EvaluationReport report = await EvaluationSession.RunAsync(saved, DataPart.Test, test, 2, CancellationToken.None);
        Assert.InRange(report.Values.RSquared!.Value, 0.8, 1);

        string picture = Path.Combine(run.Folder, "picture.csv");
        File.WriteAllText(picture, string.Join(',', Enumerable.Repeat(8, 64)) + "\n");
        var answers = new StringWriter();
        Prediction.WriteCsv(saved, saved.Schema.ReadInput(picture), answers);
        string[] lines = answers.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((2, 64), (lines.Length, lines[1].Split(',').Length));
    }

    [FashionMnistFact]
    public async Task Fashion_MNIST_learns_in_its_first_epoch()
    {
        using var run = new TestRun();
        RunResult result = await run.TrainAsync(Read("fashion-mlp", "epochs=1", "model.layers.1.dense=64", "model.layers.3.dense=32"), 2, 2);
        Assert.Equal((60_000 + 255) / 256, result.Steps);
        Assert.InRange(result.TestAccuracy!.Value, 0.75, 1);
    }

    [FashionMnistFact]
    public async Task A_small_convolutional_network_learns_Fashion_MNIST_in_its_first_epoch()
    {
        using var run = new TestRun();
        JobDescription job = Read("fashion-cnn", "epochs=1", "model.layers.0.conv2d.filters=8", "model.layers.3.conv2d.filters=8", "model.layers.6.dense=32");
        RunResult result = await run.TrainAsync(job, 2, 2);
        Assert.InRange(result.TestAccuracy!.Value, 0.75, 1);
    }

    [Theory]
    [InlineData("digits")]
    [InlineData("flowers")]
    [InlineData("customers")]
    [InlineData("houses")]
    public async Task An_example_that_goes_well_gives_no_warning(string name)
    {
        (_, RunProbe probe) = await TestRun.WholeAsync(Read(name), 2, 2);
        Assert.Empty(probe.Warnings);
        Assert.Null(probe.Result!.Findings);
    }

    private static JobDescription Read(string name, params string[] overrides) =>
        JobFile.Read(Path.Combine(Root(), "deploy", "jobs", $"{name}.yaml"), overrides);

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));
}
