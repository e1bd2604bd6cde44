namespace DistBp.Cli.Tests;

public sealed class InterruptionTests : IDisposable
{
    /// <summary>More than any machine trains before the signal comes.</summary>
    private const string Endless = "epochs=1000000";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_interrupted_twice_and_resumed_ends_with_the_same_bits()
    {
        string job = SampleJobs.WriteIris(_folder);
        Interrupt("INT", "train", job, "--set", Endless, "--out", "parts");
        Interrupt("TERM", "train", "--resume", "--out", "parts");
        Interrupt("HUP", "train", "--resume", "--out", "parts");
        string end = $"epochs={SampleJobs.Result(_folder, "parts").GetProperty("epochs").GetInt32() + 5}";
        CommandRun.Succeed(_folder, "train", "--resume", "--set", end, "--out", "parts", "--workers", "3");
        CommandRun.Succeed(_folder, "train", job, "--set", end, "--out", "whole");
        Assert.Equal(SampleJobs.WeightsOf(_folder, "whole"), SampleJobs.WeightsOf(_folder, "parts"));
        Assert.Equal("completed", SampleJobs.Result(_folder, "parts").GetProperty("status").GetString());
    }

    [Fact]
    public void A_second_signal_ends_the_process_at_once()
    {
        using CommandRun run = CommandRun.Start(_folder, "train", SampleJobs.WriteIris(_folder), "--set", Endless, "--out", "run");
        run.WaitForLine("epoch 1/");
        run.Signal("INT");
        run.Signal("INT");
        Assert.Equal(130, run.Wait().ExitCode);
    }

    private void Interrupt(string signal, params string[] arguments)
    {
        using CommandRun run = CommandRun.Start(_folder, arguments);
        run.WaitForLine("epoch ");
        run.Signal(signal);
        CommandOutcome outcome = run.Wait();
        Assert.True(outcome.ExitCode == 130, $"exit code {outcome.ExitCode}: {outcome.Error}");
        Assert.Contains("distbp train --resume --out parts", outcome.Error, StringComparison.Ordinal);
        Assert.Equal("interrupted", SampleJobs.Result(_folder, "parts").GetProperty("status").GetString());
    }
}
