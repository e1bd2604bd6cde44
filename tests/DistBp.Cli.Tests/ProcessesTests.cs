using System.Diagnostics;
using System.Globalization;

namespace DistBp.Cli.Tests;

public sealed class ProcessesTests : IDisposable
{
    private const string Endless = "epochs=1000000";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Several_processes_give_the_bits_of_one()
    {
        string job = SampleJobs.WriteIris(_folder);
        CommandRun.Succeed(_folder, "train", job, "--out", "one");
        CommandRun.Succeed(_folder, "train", job, "--out", "two", "--processes", "2");
        Assert.Equal(SampleJobs.WeightsOf(_folder, "one"), SampleJobs.WeightsOf(_folder, "two"));
    }

    [Fact]
    public void An_interrupted_run_of_processes_is_saved_and_resumed_and_leaves_no_process_behind()
    {
        string job = SampleJobs.WriteIris(_folder);
        using (CommandRun run = CommandRun.Start(_folder, "train", job, "--set", Endless, "--out", "run", "--processes", "2"))
        {
            run.WaitForLine("epoch 1/");
            int[] children = ChildrenOf(run.ProcessId);
            Assert.Equal(2, children.Length);
            // As a terminal's Ctrl-C: all processes of the group get it.
            foreach (int child in children) Signal("INT", child);
            run.Signal("INT");
            Assert.Equal(130, run.Wait().ExitCode);
            AwaitEnd(children);
        }
        string end = $"epochs={SampleJobs.Result(_folder, "run").GetProperty("epochs").GetInt32() + 2}";
        CommandRun.Succeed(_folder, "train", "--resume", "--set", end, "--out", "run", "--processes", "2");
        CommandRun.Succeed(_folder, "train", job, "--set", end, "--out", "whole");
        Assert.Equal(SampleJobs.WeightsOf(_folder, "whole"), SampleJobs.WeightsOf(_folder, "run"));
    }

    [Fact]
    public void Processes_do_not_outlive_the_one_that_started_them_and_no_secret_stands_on_their_command_line()
    {
        using CommandRun run = CommandRun.Start(_folder, "train", SampleJobs.WriteIris(_folder), "--set", Endless, "--out", "run", "--processes", "2");
        run.WaitForLine("epoch 1/");
        int[] children = ChildrenOf(run.ProcessId);
        Assert.Equal(2, children.Length);
        Assert.All(children, child => Assert.DoesNotMatch("[0-9A-F]{32}", File.ReadAllText($"/proc/{child}/cmdline")));
        run.Signal("KILL");
        run.Wait();
        AwaitEnd(children);
    }

    [Fact]
    public void A_process_that_dies_is_reported()
    {
        using CommandRun run = CommandRun.Start(_folder, "train", SampleJobs.WriteIris(_folder), "--set", Endless, "--out", "run", "--processes", "2");
        run.WaitForLine("epoch 1/");
        Signal("KILL", ChildrenOf(run.ProcessId)[0]);
        Assert.Contains("warning: process-", run.WaitForLine("ended with code 137"), StringComparison.Ordinal);
        run.Signal("INT");
        run.Wait();
    }

    private static int[] ChildrenOf(int process) =>
        [.. Directory.GetDirectories($"/proc/{process}/task").SelectMany(t => File.ReadAllText(Path.Combine(t, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture)).Order()];

    private static void Signal(string signal, int process)
    {
        using Process kill = Process.Start("kill", ["-" + signal, process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static void AwaitEnd(int[] processes)
    {
        long begin = Environment.TickCount64;
        while (processes.Any(IsAlive))
        {
            Assert.True(Environment.TickCount64 - begin < Patience.TotalMilliseconds, "a process is still there");
            using var pause = new ManualResetEventSlim();
            pause.Wait(20);
        }
    }

    /// <summary>One that nobody has waited for (a zombie) has ended.</summary>
    private static bool IsAlive(int process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Split(')')[^1].StartsWith(" Z", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or IOException)
        {
            return false;
        }
    }
}
