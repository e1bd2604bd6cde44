using System.Text.Json;

namespace DistBp.Cli.Tests;

public sealed class AuditTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_is_proven_in_words_and_in_json()
    {
        Train();
        string text = CommandRun.Succeed(_folder, "audit", "run").Output;
        Assert.Contains("proven: each of the 90 training samples was applied exactly once in each of the 20 whole epochs", text, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(CommandRun.Succeed(_folder, "audit", "run", "--json").Output);
        Assert.True(json.RootElement.GetProperty("proven").GetBoolean());
        Assert.Equal(20, json.RootElement.GetProperty("wholeEpochs").GetInt32());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("damage").ValueKind);
    }

    [Fact]
    public void A_changed_byte_ends_with_6_and_is_named()
    {
        Train();
        SampleJobs.FlipBit(_folder.File("run/ledger.bin"));
        CommandOutcome outcome = CommandRun.Run(_folder, "audit", "run");
        Assert.Equal(6, outcome.ExitCode);
        Assert.Contains("the record at byte ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("DAMAGED", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("proven:", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_torn_end_ends_with_6_until_the_run_is_gone_on_with()
    {
        Train();
        byte[] ledger = File.ReadAllBytes(_folder.File("run/ledger.bin"));
        File.WriteAllBytes(_folder.File("run/ledger.bin"), [.. ledger, 9, 0, 0]);
        CommandOutcome outcome = CommandRun.Run(_folder, "audit", "run");
        Assert.Equal(6, outcome.ExitCode);
        Assert.Contains("the file ends in the middle of it", outcome.Error, StringComparison.Ordinal);
        CommandRun.Succeed(_folder, "train", "--resume", "--out", "run");
        CommandRun.Succeed(_folder, "audit", "run");
    }

    [Fact]
    public void A_run_with_a_skipped_step_ends_with_3_and_names_samples()
    {
        IEnumerable<string> rows = Enumerable.Range(0, 60).Select(i => $"{i},{(i == 41 ? "1e30" : $"{i + 1}")}\n");
        _folder.Write("line.csv", "x,y\n" + string.Concat(rows));
        string job = _folder.Write("line.yaml", """
            data: {format: csv, train: {path: line.csv, label: y}}
            model: {layers: [{dense: 1}]}
            loss: meanSquaredError
            optimizer: {sgd: {rate: 0.00001}}
            batch: 6
            slices: 3
            epochs: 2
            onNonFinite: skip
            """);
        CommandRun.Succeed(_folder, "train", job, "--out", "run");
        CommandOutcome outcome = CommandRun.Run(_folder, "audit", "run");
        Assert.Equal(3, outcome.ExitCode);
        Assert.Contains("epoch 1: 6 samples were not applied: ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("was skipped", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("2 skipped", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_without_a_ledger_ends_with_3_and_a_folder_without_a_run_with_2()
    {
        Train();
        File.Delete(_folder.File("run/ledger.bin"));
        CommandRun.Run(_folder, "audit", "run").ShouldFail(3, "run/ledger.bin", "no ledger");
        CommandRun.Run(_folder, "audit", "elsewhere").ShouldFail(2, "elsewhere");
    }

    private void Train() => CommandRun.Succeed(_folder, "train", SampleJobs.WriteIris(_folder), "--out", "run", "--workers", "2");
}
