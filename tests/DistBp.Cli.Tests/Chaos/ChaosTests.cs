using System.Diagnostics;
using DistBp.Tests.Shared;

namespace DistBp.Cli.Tests.Chaos;

/// <summary>
/// The chaos runner as a process of its own: tests/DistBp.Chaos, where longer ones are started by hand. Its nodes wait by a timer most of the time, so other tests run
/// beside it. In CI it takes five minutes, else one.
/// </summary>
public sealed class ChaosTests
{
    private const int Seed = 20261127;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(12);

    [Fact]
    public async Task A_cluster_under_faults_ends_with_the_bits_of_the_undisturbed_run()
    {
        (string minutes, string faults) = Surroundings.IsCI ? ("5", "10") : ("0.75", "8");
        string[] options = ["--seed", $"{Seed}", "--minutes", minutes, "--faults", faults];
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
        Assert.Contains($"{faults} of {faults} faults", await table, StringComparison.Ordinal);
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
