using System.Diagnostics;
using DistBp.Tests.Shared;

namespace DistBp.Cli.Tests;

/// <summary>The command on a terminal: `script` of util-linux gives it one.</summary>
public sealed class TerminalTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void On_a_terminal_the_display_is_live_and_leaves_the_cursor_visible()
    {
        string screen = RunOnTerminal("");
        Assert.Contains("\e[?25l", screen, StringComparison.Ordinal);
        Assert.True(screen.LastIndexOf("\e[?25h", StringComparison.Ordinal) > screen.LastIndexOf("\e[?25l", StringComparison.Ordinal));
        Assert.Contains("iris: 4-8-3 relu, 67 parameters", screen, StringComparison.Ordinal);
        Assert.Contains("20/20", screen, StringComparison.Ordinal);
        Assert.Contains("test accuracy", screen, StringComparison.Ordinal);
        Assert.Contains("completed", screen, StringComparison.Ordinal);
    }

    [Fact]
    public void NO_COLOR_is_respected() => Assert.DoesNotMatch("\e\\[[0-9;]*[34]8;|\e\\[(1;)?[349][0-7]m", RunOnTerminal("NO_COLOR=1"));

    [Theory]
    [InlineData("TERM=dumb")]
    [InlineData("", "--quiet")]
    public void A_terminal_without_cursor_or_a_quiet_run_has_no_escape_sequences(string environment, string flag = "") =>
        Assert.DoesNotContain('\e', RunOnTerminal(environment, flag));

    private string RunOnTerminal(string environment, string flag = "")
    {
        string job = SampleJobs.WriteIris(_folder);
        string command = $"stty cols 100 rows 30; env {environment} '{Surroundings.Command}' train {job} --out run {flag}";
        var start = new ProcessStartInfo("script", ["-qec", command, "/dev/null"])
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        start.Environment["TERM"] = "xterm-256color";
        start.Environment.Remove("NO_COLOR");
        using Process process = Process.Start(start)!;
        Task<string> screen = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("distbp on a terminal did not end");
        }
        Assert.Equal(0, process.ExitCode);
        return screen.Result;
    }
}
