using System.Text.Json;

namespace DistBp.Cli.Tests;

public sealed class TuneTests : IDisposable
{
    private const string Space = """
        optimizer.adam.rate: {log: [1e-4, 0.3]}
        model.layers.0.dense: {int: [2, 16], log: true}
        batch: {choice: [6, 12]}
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly string _job;

    public TuneTests()
    {
        _job = SampleJobs.WriteIris(_folder);
        _folder.Write("space.yaml", Space);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Trials_are_lines_and_the_end_is_a_table_with_the_best_job()
    {
        CommandOutcome outcome = Tune("bayesian", "--trials", "12", "--out", "search");
        string[] lines = outcome.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(13, lines.Length);
        Assert.StartsWith("iris: 12 trials, 1 at a time; search", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("trial 12/12  ", lines[12], StringComparison.Ordinal);
        Assert.Contains("best so far", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', outcome.Error + outcome.Output);
        string[] table = outcome.Output.TrimEnd('\n').Split('\n');
        Assert.Matches(@"^trial +validationLoss +epochs +time +optimizer.adam.rate +model.layers.0.dense +batch$", table[0]);
        Assert.Contains("12 trials: ", outcome.Output, StringComparison.Ordinal);
        Assert.Matches(@"best: trial \d+, validationLoss \S+; search/trial-00\d\d\nits job: search/best-job.yaml\n$", outcome.Output);
        CommandRun.Succeed(_folder, "train", "search/best-job.yaml", "--out", "again");
    }

    [Fact]
    public void A_search_is_told_as_json()
    {
        using JsonDocument json = JsonDocument.Parse(Tune("random", "--trials", "3", "--folds", "3", "--metric", "validationAccuracy", "--json").Output);
        JsonElement root = json.RootElement;
        Assert.Equal(3, root.GetProperty("trials").GetArrayLength());
        Assert.Equal(3, root.GetProperty("best").GetProperty("folds").GetArrayLength());
        Assert.Equal("random", root.GetProperty("search").GetString());
        Assert.InRange(root.GetProperty("best").GetProperty("value").GetDouble(), 0.3, 1);
    }

    [Fact]
    public void An_interrupted_search_keeps_what_is_over_and_goes_on()
    {
        string[] line = ["tune", _job, "--search", "random", "--space", "space.yaml", "--set", "data.validation=0.2", "--out", "search", "--no-pruning"];
        using CommandRun run = CommandRun.Start(_folder, [.. line, "--trials", "100000", "--parallel", "2"]);
        run.WaitForLine("trial      3/100000");
        run.Signal("TERM");
        CommandOutcome stopped = run.Wait();
        Assert.Equal(130, stopped.ExitCode);
        Assert.Contains("--resume --out search", stopped.Error, StringComparison.Ordinal);
        Assert.Contains("its job: search/best-job.yaml", stopped.Output, StringComparison.Ordinal);
        int over = File.ReadAllLines(_folder.File("search/trials.jsonl")).Length - 1;
        CommandOutcome rest = CommandRun.Succeed(_folder, [.. line, "--trials", $"{over + 3}", "--resume"]);
        Assert.Contains($"{over} of them over already", rest.Error, StringComparison.Ordinal);
        Assert.Equal(over + 4, File.ReadAllLines(_folder.File("search/trials.jsonl")).Length);
    }

    [Theory]
    [InlineData("--search bayesian --space space.yaml", "--trials is missing")]
    [InlineData("--space space.yaml --trials 3", "--search is missing")]
    [InlineData("--search grid", "--space is missing")]
    [InlineData("--search best --space space.yaml", "--search takes grid or random or bayesian, not \"best\"")]
    [InlineData("--search grid --space space.yaml --metric testLoss", "--metric takes validationLoss or")]
    [InlineData("--search grid --space space.yaml --resume", "--resume needs --out")]
    [InlineData("--search grid --space space.yaml --folds 1", "--folds takes at least 2")]
    public void Wrong_usage_is_told(string flags, string words) =>
        CommandRun.Run(_folder, ["tune", _job, .. flags.Split(' ')]).ShouldFail(2, words, "try distbp tune --help");

    [Fact]
    public void A_wrong_space_is_told_with_its_lines()
    {
        _folder.Write("wrong.yaml", "btach: {choice: [6]}\nepochs: {int: [0, 3]}\n");
        CommandRun.Run(_folder, "tune", _job, "--search", "grid", "--space", "wrong.yaml").ShouldFail(
            2, "wrong.yaml:1:1 btach", "did you mean \"batch\"?", "wrong.yaml:2:1 epochs, value 0");
        CommandRun.Run(_folder, "tune", _job, "--search", "grid", "--space", "space.yaml").ShouldFail(2, "no validation data", "--folds 5");
    }

    [Fact]
    public void A_job_is_cross_validated()
    {
        CommandOutcome outcome = CommandRun.Succeed(_folder, "evaluate", _job, "--folds", "3", "--set", "epochs=5");
        string[] table = outcome.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(6, table.Length);
        Assert.Matches("^fold +samples +epochs +loss +accuracy$", table[0]);
        Assert.Matches("^mean .*0", table[4]);
        Assert.StartsWith("   ±", table[5], StringComparison.Ordinal);
        Assert.Equal(3, outcome.Error.Split("fold ").Length - 1);
        using JsonDocument json = JsonDocument.Parse(CommandRun.Succeed(
            _folder, "evaluate", _job, "--folds", "3", "--set", "epochs=5", "--json", "--out", "kept").Output);
        Assert.Equal(90, json.RootElement.GetProperty("folds").EnumerateArray().Sum(f => f.GetProperty("samples").GetInt32()));
        Assert.InRange(json.RootElement.GetProperty("deviation").GetProperty("accuracy").GetDouble(), 0, 0.5);
        Assert.True(File.Exists(_folder.File("kept/fold-3/parameters.safetensors")));
        CommandRun.Run(_folder, "evaluate", "kept/fold-1", "--out", "x").ShouldFail(2, "--set and --out go with --folds");
    }

    private CommandOutcome Tune(string search, params string[] flags) => CommandRun.Succeed(
        _folder, ["tune", _job, "--search", search, "--space", "space.yaml", "--set", "data.validation=0.2", .. flags]);
}
