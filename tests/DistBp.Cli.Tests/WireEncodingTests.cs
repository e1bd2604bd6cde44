using System.Text.Json;

namespace DistBp.Cli.Tests;

/// <summary>What goes between processes in an encoding of its own leaves the bits that as many workers of one process leave.</summary>
public sealed class WireEncodingTests : IDisposable
{
    /// <summary>Of several blocks, so that each server has a part of the dense layers or of the table.</summary>
    private const string LargeTable = "model.layers=[{embedding: {vocabulary: 3000, size: 5}}, {dense: 300}, batchNorm, relu, {dense: 3}]";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Encodings =>
    [
        "{gradients: f32, parameters: bf16}", "{gradients: bf16, parameters: f32}", "{gradients: f16, parameters: f16}", "{gradients: int8, parameters: f32}",
        "{gradients: {topK: 0.01}, parameters: bf16}",
    ];

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Two_processes_give_the_bits_of_two_workers(string wire)
    {
        string[] settings = ["--set", $"wire={wire}", "--set", "epochs=2"];
        CommandRun.Succeed(_folder, ["train", .. settings, "--workers", "2", "--out", "one"]);
        CommandRun.Succeed(_folder, ["train", .. settings, "--processes", "2", "--out", "two"]);
        Assert.Equal(SampleJobs.WeightsOf(_folder, "one"), SampleJobs.WeightsOf(_folder, "two"));
        Assert.Contains("proven", CommandRun.Succeed(_folder, "audit", "two").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("f32", "on")]
    [InlineData("f32", "off")]
    [InlineData("int8", "off")]
    public void Local_steps_in_two_processes_give_the_bits_of_two_workers_and_send_once_a_round(string encoding, string sharedMemory)
    {
        _folder.Write("node.hocon", $"distbp {{ wire {{ shared-memory = {sharedMemory} }} }}");
        string[] settings = ["--set", "consistency={localSgd: {steps: 8, outerRate: 0.7, outerMomentum: 0.9}}", "--set", $"wire.gradients={encoding}", "--set", "epochs=4"];
        CommandRun.Succeed(_folder, ["train", .. settings, "--workers", "2", "--out", "one"]);
        CommandRun.Succeed(_folder, ["train", .. settings, "--processes", "2", "--config", "node.hocon", "--out", "two"]);
        Assert.Equal(SampleJobs.WeightsOf(_folder, "one"), SampleJobs.WeightsOf(_folder, "two"));
        Assert.Contains("staleness at most 7", CommandRun.Succeed(_folder, "audit", "two").Output, StringComparison.Ordinal);
        JsonElement result = SampleJobs.Result(_folder, "two");
        // 23 steps an epoch are three rounds, each with what a step of bsp sends, and a report of each step.
        double most = 3.0 / 23 * sizeof(float) * result.GetProperty("parameters").GetInt64();
        Assert.InRange(result.GetProperty("bytesSentPerStep").GetDouble(), 1, most * 1.3);
    }

    [Theory]
    [InlineData("{gradients: f32, parameters: f32}", "on")]
    [InlineData("{gradients: f32, parameters: f32}", "off")]
    [InlineData("{gradients: int8, parameters: bf16}", "on")]
    [InlineData("{gradients: int8, parameters: bf16}", "off")]
    [InlineData("{gradients: {topK: 0.05}, parameters: f16}", "off")]
    public void A_table_of_rows_is_the_same_on_all_nodes_also_where_only_touched_rows_go(string wire, string sharedMemory)
    {
        _folder.Write("node.hocon", $"distbp {{ wire {{ shared-memory = {sharedMemory} }} }}");
        string job = SampleJobs.WriteTokens(_folder);
        string[] settings = ["--set", $"wire={wire}", "--set", LargeTable, "--set", "earlyStopping={metric: trainLoss, patience: 9, restoreBest: true}"];
        using var cluster = new RunningCluster(_folder);
        cluster.Join("a1", "--config", "node.hocon");
        cluster.Join("b1", "--config", "node.hocon");
        CommandRun.Succeed(_folder, ["train", job, .. settings, "--workers", "2", "--out", "one"]);
        CommandRun.Succeed(_folder, ["train", job, .. settings, "--cluster", cluster.Address, "--out", "two"]);
        foreach (string figure in (string[])["weightsSha256", "testLoss"]) Assert.Equal(Figure("one", figure), Figure("two", figure));
    }

    [Fact]
    public void An_interrupted_run_of_processes_goes_on_with_what_error_feedback_has_left()
    {
        string job = SampleJobs.WriteIris(_folder, "wire: {gradients: int8, parameters: bf16}");
        using (CommandRun run = CommandRun.Start(_folder, "train", job, "--set", "epochs=1000000", "--out", "run", "--processes", "2"))
        {
            run.WaitForLine("epoch 1/");
            run.Signal("INT");
            Assert.Equal(130, run.Wait().ExitCode);
        }
        string end = $"epochs={SampleJobs.Result(_folder, "run").GetProperty("epochs").GetInt32() + 2}";
        CommandRun.Succeed(_folder, "train", job, "--set", end, "--workers", "2", "--out", "whole");
        CommandRun.Succeed(_folder, "train", "--resume", "--set", end, "--out", "run", "--processes", "2");
        Assert.Equal(SampleJobs.WeightsOf(_folder, "whole"), SampleJobs.WeightsOf(_folder, "run"));
    }

    [Theory]
    [InlineData("TERM", false)]
    [InlineData("KILL", true)]
    public void A_worker_that_goes_takes_residuals_with_it_only_where_it_is_killed(string signal, bool isLost)
    {
        using var cluster = new RunningCluster(_folder);
        cluster.Join("s1", "--roles", "worker,server");
        CommandRun gone = cluster.Join("w1", "--roles", "worker");
        string job = SampleJobs.WriteIris(_folder, "wire: {gradients: int8, parameters: f32}");
        using CommandRun run = CommandRun.Start(_folder, "train", job, "--set", "epochs=1000000", "--cluster", cluster.Address, "--out", "run");
        run.WaitForLine("epoch 1/");
        cluster.Join("w2", "--roles", "worker");
        run.WaitForLine("w2 (worker");
        run.WaitForLine("epoch");
        gone.Signal(signal);
        run.WaitForLine("1 server on 2 nodes");
        run.WaitForLine("epoch");
        run.WaitForLine("epoch");
        run.Signal("INT");
        CommandOutcome outcome = run.Wait();
        Assert.Equal(130, outcome.ExitCode);
        Assert.Equal(isLost, outcome.Error.Contains("error feedback had kept back", StringComparison.Ordinal));
    }

    private string Figure(string run, string name)
    {
        JsonElement figure = SampleJobs.Result(_folder, run).GetProperty(name);
        return figure.GetRawText();
    }
}
