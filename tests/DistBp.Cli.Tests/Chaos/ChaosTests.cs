using System.Diagnostics;

namespace DistBp.Cli.Tests.Chaos;

/// <summary>The chaos runner as a process of its own, for a minute: tests/DistBp.Chaos, where longer ones are started by hand.</summary>
[Collection(AloneCollection.Name)]
public sealed class ChaosTests
{
    private const int Seed = 20261127;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_cluster_under_eight_faults_ends_with_the_bits_of_the_undisturbed_run()
    {
        string[] options = ["--seed", $"{Seed}", "--minutes", "0.75", "--faults", "8", "--kinds", "kill,short-pause,freeze,cut,partition,mute,full-disk,kill-coordinator"];
        using Process chaos = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "DistBp.Chaos"), options)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> table = chaos.StandardOutput.ReadToEndAsync(), told = chaos.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await chaos.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            await EndAsync(chaos);
            Assert.Fail($"the chaos runner with seed {Seed} did not end within {Patience}: {await told}");
        }
        Assert.True(chaos.ExitCode == 0, $"seed {Seed}: exit code {chaos.ExitCode}\n{await told}\n{await table}");
        Assert.Contains("8 of 8 faults", await table, StringComparison.Ordinal);
        Assert.Contains("those of the undisturbed run", await table, StringComparison.Ordinal);
        Assert.Contains("proven: each of the 1,438 training samples was applied exactly once", await table, StringComparison.Ordinal);
    }

    /// <summary>In order, so that it ends what it has started.</summary>
    private static async Task EndAsync(Process chaos)
    {
        using Process interrupt = Process.Start("kill", ["-INT", $"{chaos.Id}"]);
        await interrupt.WaitForExitAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await chaos.WaitForExitAsync(limit.Token);
    }
}
