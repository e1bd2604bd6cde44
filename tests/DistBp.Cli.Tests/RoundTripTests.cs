using System.Globalization;
using System.Text.Json;

namespace DistBp.Cli.Tests;

/// <summary>One small trained run that the tests of a class look at.</summary>
public sealed class TrainedRun : IDisposable
{
    public TrainedRun() => Training = CommandRun.Succeed(Folder, "train", SampleJobs.WriteIris(Folder), "--out", "run");

    public TemporaryFolder Folder { get; } = new();

    internal CommandOutcome Training { get; }

    public void Dispose() => Folder.Dispose();
}

public sealed class RoundTripTests(TrainedRun trained) : IClassFixture<TrainedRun>
{
    private readonly TemporaryFolder _folder = trained.Folder;

    [Fact]
    public void Training_leaves_the_run_s_folder()
    {
        Assert.All(["job.yaml", "events.jsonl", "result.json", "preprocessing.json", "parameters.safetensors", "checkpoints"],
            name => Assert.True(Path.Exists(_folder.File(Path.Combine("run", name))), name));
        JsonElement result = SampleJobs.Result(_folder, "run");
        Assert.Equal("completed", result.GetProperty("status").GetString());
        Assert.Equal(20, result.GetProperty("epochs").GetInt32());
        Assert.True(result.GetProperty("testAccuracy").GetDouble() >= 0.9);
    }

    [Fact]
    public void Without_a_terminal_there_is_one_plain_line_an_epoch_and_nothing_on_standard_output()
    {
        string[] lines = trained.Training.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(20, lines.Count(l => l.StartsWith("epoch ", StringComparison.Ordinal)));
        Assert.StartsWith("iris: ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("completed after 20 epochs", lines[^1], StringComparison.Ordinal);
        Assert.DoesNotContain('\e', trained.Training.Error);
        Assert.Equal("", trained.Training.Output);
    }

    [Theory]
    [InlineData("1", "1")]
    [InlineData("3", "2")]
    [InlineData("5", "3")]
    public void A_second_run_has_the_same_bits_whatever_the_workers_and_servers(string workers, string servers)
    {
        string run = $"again-{workers}-{servers}";
        CommandRun.Succeed(_folder, "train", "iris.yaml", "--out", run, "--workers", workers, "--servers", servers);
        Assert.Equal(SampleJobs.WeightsOf(_folder, "run"), SampleJobs.WeightsOf(_folder, run));
    }

    [Fact]
    public void The_job_that_a_run_leaves_behind_gives_the_same_run()
    {
        CommandRun.Succeed(_folder, "train", "run/job.yaml", "--out", "from-job");
        Assert.Equal(SampleJobs.WeightsOf(_folder, "run"), SampleJobs.WeightsOf(_folder, "from-job"));
    }

    [Fact]
    public void Evaluate_repeats_the_test_figures_of_the_run()
    {
        JsonElement expected = SampleJobs.Result(_folder, "run");
        using JsonDocument report = JsonDocument.Parse(CommandRun.Succeed(_folder, "evaluate", "run", "--json").Output);
        Assert.Equal(expected.GetProperty("testLoss").GetDouble(), report.RootElement.GetProperty("loss").GetDouble());
        Assert.Equal(expected.GetProperty("testAccuracy").GetDouble(), report.RootElement.GetProperty("accuracy").GetDouble());
        Assert.Equal(30, report.RootElement.GetProperty("samples").GetInt32());
        JsonElement confusion = report.RootElement.GetProperty("confusion");
        Assert.Equal(30, confusion.EnumerateArray().SelectMany(r => r.EnumerateArray()).Sum(c => c.GetInt32()));
        Assert.Contains("versicolor, blue", report.RootElement.GetProperty("classes").EnumerateArray().Select(c => c.GetString()));
    }

    [Fact]
    public void Evaluate_shows_the_confusion_matrix_with_its_totals()
    {
        string text = CommandRun.Succeed(_folder, "evaluate", "run", "--data", "train").Output;
        Assert.Contains("train, 90 samples", text, StringComparison.Ordinal);
        Assert.Matches(@"total +\d+ +\d+ +\d+ +90\n", text);
        Assert.Contains("precision", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_of_a_part_that_the_job_lacks_names_the_parts_it_has() =>
        CommandRun.Run(_folder, "evaluate", "run", "--data", "validation").ShouldFail(2, "no validation data", "train or test");

    [Fact]
    public void Predict_gives_a_class_and_probabilities_for_each_sample_with_or_without_labels()
    {
        _folder.Write("unlabelled.csv", SampleJobs.IrisText(withLabel: false));
        string answers = CommandRun.Succeed(_folder, "predict", "run", "--input", "unlabelled.csv", "--output", "-").Output;
        string[] lines = answers.TrimEnd('\n').Split('\n');
        Assert.Equal("class,setosa,\"versicolor, blue\",virginica", lines[0]);
        Assert.Equal(SampleJobs.IrisRows + 1, lines.Length);
        string[] last = lines[^1].Split(',');
        Assert.Equal(1, last[^3..].Sum(p => double.Parse(p, CultureInfo.InvariantCulture)), 5);
        CommandRun.Succeed(_folder, "predict", "run", "--input", "iris.csv", "--output", "answers.csv");
        Assert.Equal(lines, File.ReadAllLines(_folder.File("answers.csv")));
    }

    [Fact]
    public void Predictions_that_cannot_be_written_are_told_with_their_place() =>
        CommandRun.Run(_folder, "predict", "run", "--input", "iris.csv", "--output", "nowhere/answers.csv")
            .ShouldFail(2, "nowhere/answers.csv");

    [Fact]
    public void Predictions_never_overwrite_their_input()
    {
        string input = _folder.Write("kept.csv", "x,y\n1,2\n");
        CommandRun.Run(_folder, "predict", "run", "--input", input, "--output", "kept.csv").ShouldFail(2, "kept.csv", "overwrite");
        Assert.Equal("x,y\n1,2\n", File.ReadAllText(_folder.File("kept.csv")));
    }

    [Fact]
    public void Predict_refuses_samples_with_other_columns() =>
        CommandRun.Run(_folder, "predict", "run", "--input", _folder.Write("other.csv", "x,y\n1,2\n"), "--output", "-").ShouldFail(
            3, "other.csv");

    [Fact]
    public void An_exported_file_is_evaluated_with_its_job_and_a_wrong_job_is_refused()
    {
        CommandRun.Succeed(_folder, "export", "run", "--format", "safetensors", "--output", "model.safetensors");
        string fromRun = CommandRun.Succeed(_folder, "evaluate", "run").Output;
        Assert.Equal(fromRun, CommandRun.Succeed(_folder, "evaluate", "model.safetensors", "--job", "iris.yaml").Output);
        _folder.Write("wide.yaml", File.ReadAllText(_folder.File("iris.yaml")).Replace("dense: 8", "dense: 9", StringComparison.Ordinal));
        CommandRun.Run(_folder, "evaluate", "model.safetensors", "--job", "wide.yaml").ShouldFail(2, "[8, 4]", "[9, 4]");
    }

    [Fact]
    public void Export_to_npy_writes_a_file_a_parameter()
    {
        CommandRun.Succeed(_folder, "export", "run", "--format", "npy", "--output", "arrays");
        byte[] weight = File.ReadAllBytes(_folder.File("arrays/dense1.weight.npy"));
        Assert.Equal(0x93, weight[0]);
        Assert.Equal(4, Directory.GetFiles(_folder.File("arrays")).Length);
    }
}
