using System.Text.Json;

namespace DistBp.Cli.Tests;

public sealed class OutputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Quiet_says_nothing_when_all_is_well()
    {
        CommandOutcome outcome = CommandRun.Succeed(_folder, "train", SampleJobs.WriteIris(_folder), "--quiet", "--workers", "2");
        Assert.Equal("", outcome.Error);
        Assert.Equal("", outcome.Output);
    }

    [Fact]
    public void Events_on_standard_output_are_json_lines_and_nothing_else()
    {
        CommandOutcome outcome = CommandRun.Succeed(_folder, "train", SampleJobs.WriteIris(_folder), "--events", "-");
        string[] events = [.. outcome.Output.TrimEnd('\n').Split('\n').Select(EventOf)];
        Assert.Equal(20, events.Count(e => e == "epoch"));
        Assert.Equal("end", events[^1]);
    }

    [Fact]
    public void Without_a_job_the_embedded_digits_are_trained()
    {
        CommandOutcome outcome = CommandRun.Succeed(_folder, "train", "--set", "epochs=15", "--out", "digits");
        Assert.StartsWith("digits: ", outcome.Error, StringComparison.Ordinal);
        Assert.True(SampleJobs.Result(_folder, "digits").GetProperty("testAccuracy").GetDouble() >= 0.95);
    }

    [Fact]
    public void An_error_shows_its_stack_trace_with_verbose_only()
    {
        CommandOutcome outcome = CommandRun.Run(_folder, "train", "nothing.yaml", "--verbose");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("   at ", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_regression_is_evaluated_and_predicted_in_its_own_words()
    {
        _folder.Write("line.csv", "x,y\n" + string.Concat(Enumerable.Range(0, 60).Select(i => $"{i},{(3 * i) + 1}\n")));
        string job = _folder.Write("line.yaml", """
            data: {format: csv, train: {path: line.csv, label: y}, test: 0.2, preprocess: [standardize]}
            model: {layers: [{dense: 1}]}
            loss: meanSquaredError
            optimizer: {sgd: {rate: 0.1}}
            batch: 8
            epochs: 40
            """);
        CommandRun.Succeed(_folder, "train", job, "--out", "run");
        string text = CommandRun.Succeed(_folder, "evaluate", "run").Output;
        Assert.Contains("mean absolute error", text, StringComparison.Ordinal);
        Assert.Contains("R squared", text, StringComparison.Ordinal);
        Assert.DoesNotContain("confusion", text, StringComparison.Ordinal);
        string[] lines = CommandRun.Succeed(_folder, "predict", "run", "--input", "line.csv", "--output", "-").Output.Split('\n');
        Assert.Equal("y", lines[0]);
        Assert.InRange(double.Parse(lines[11], System.Globalization.CultureInfo.InvariantCulture), 30, 32);
    }

    [Fact]
    public void An_autoencoder_predicts_its_inputs_and_a_binary_job_a_class_with_its_probability()
    {
        IEnumerable<string> rows = Enumerable.Range(0, 40).Select(i => $"{i},{40 - i},{i % 5},{(i < 20 ? "low" : "high")}\n");
        _folder.Write("points.csv", "a,b,c,kind\n" + string.Concat(rows));
        const string data = "{format: csv, train: {path: points.csv, label: kind}, preprocess: [standardize]}";
        string rest = "batch: 8\nepochs: 20\noptimizer: {adam: {rate: 0.05}}\n";
        string auto = _folder.Write("auto.yaml", $"data: {{format: csv, train: {{path: points.csv, features: [a, b, c]}}, target: input}}\n"
            + $"model: {{layers: [{{dense: 2}}, {{dense: 3}}]}}\nloss: meanSquaredError\n{rest}");
        string binary = _folder.Write("binary.yaml", $"data: {data}\nmodel: {{layers: [{{dense: 1}}]}}\nloss: binaryCrossEntropy\n{rest}");
        CommandRun.Succeed(_folder, "train", auto, "--out", "auto");
        CommandRun.Succeed(_folder, "train", binary, "--out", "binary");
        Assert.StartsWith("a,b,c\n", CommandRun.Succeed(_folder, "predict", "auto", "--input", "points.csv", "--output", "-").Output,
            StringComparison.Ordinal);
        string answers = CommandRun.Succeed(_folder, "predict", "binary", "--input", "points.csv", "--output", "-").Output;
        string[] lines = answers.TrimEnd('\n').Split('\n');
        Assert.Equal("class,probability", lines[0]);
        Assert.StartsWith("low,", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("high,", lines[^1], StringComparison.Ordinal);
        Assert.Contains("train, 40 samples", CommandRun.Succeed(_folder, "evaluate", "binary").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Events_go_to_the_file_that_is_named()
    {
        CommandRun.Succeed(_folder, "train", SampleJobs.WriteIris(_folder), "--events", "happened.jsonl", "--out", "run");
        Assert.Equal("end", EventOf(File.ReadAllLines(_folder.File("happened.jsonl"))[^1]));
        Assert.False(File.Exists(_folder.File("run/events.jsonl")));
    }

    private static string EventOf(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        return document.RootElement.GetProperty("event").GetString()!;
    }
}
