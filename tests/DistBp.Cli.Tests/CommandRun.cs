using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using DistBp.Tests.Shared;

namespace DistBp.Cli.Tests;

/// <summary>The built command as a process of its own, with a bounded wait that kills only this process.</summary>
internal sealed class CommandRun : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _error = new();
    private readonly Task<string> _output;
    private readonly Task _errorPump;
    private readonly BlockingCollection<string> _errorLines = [];

    private CommandRun(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _errorPump = Task.Run(PumpErrorAsync);
    }

    public static CommandOutcome Run(TemporaryFolder folder, params string[] arguments)
    {
        using CommandRun run = Start(folder, arguments);
        return run.Wait();
    }

    /// <summary>Runs a command that must succeed.</summary>
    public static CommandOutcome Succeed(TemporaryFolder folder, params string[] arguments)
    {
        CommandOutcome outcome = Run(folder, arguments);
        Assert.True(outcome.ExitCode == 0, $"distbp {string.Join(' ', arguments)} ended with {outcome.ExitCode}: {outcome.Error}");
        return outcome;
    }

    /// <summary>Runs a command that must succeed, with one environment variable set.</summary>
    public static CommandOutcome SucceedWith(string variable, string value, TemporaryFolder folder, params string[] arguments)
    {
        using CommandRun run = StartWith(variable, value, folder, arguments);
        CommandOutcome outcome = run.Wait();
        Assert.True(outcome.ExitCode == 0, $"distbp {string.Join(' ', arguments)} ended with {outcome.ExitCode}: {outcome.Error}");
        return outcome;
    }

    public static CommandRun Start(TemporaryFolder folder, params string[] arguments) => StartWith(new Dictionary<string, string>(), folder, arguments);

    /// <summary>With one environment variable set.</summary>
    public static CommandRun StartWith(string variable, string value, TemporaryFolder folder, params string[] arguments) =>
        StartWith(new Dictionary<string, string> { [variable] = value }, folder, arguments);

    /// <summary>With more in its environment.</summary>
    public static CommandRun StartWith(IReadOnlyDictionary<string, string> environment, TemporaryFolder folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(Surroundings.Command, arguments)
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        // The runs are short: what the children of --processes compile need not be good for long ones.
        start.Environment.TryAdd("DOTNET_TieredCompilation", "1");
        foreach ((string variable, string value) in environment) start.Environment[variable] = value;
        return new CommandRun(Process.Start(start)!);
    }

    /// <summary>
    /// An environment of nodes in which each gradient takes 3 ms longer, by a timer: a run is under way for as long as a test needs it, on a fast machine too, and the
    /// cores are left to others.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Paced { get; } =
        new Dictionary<string, string> { ["DISTBP_SLOW_WORKER"] = string.Join(',', Enumerable.Range(0, 16).Select(worker => $"{worker}:3")) };

    public int ProcessId => _process.Id;

    /// <summary>Waits for a line on standard error that contains the text.</summary>
    public string WaitForLine(string text)
    {
        while (_errorLines.TryTake(out string? line, Patience))
            if (line.Contains(text, StringComparison.Ordinal)) return line;
        Assert.Fail($"no line with \"{text}\" came: {_error}");
        return "";
    }

    /// <summary>What it has written to standard error so far.</summary>
    public string Told
    {
        get
        {
            lock (_error) return _error.ToString();
        }
    }

    /// <param name="signal">INT, TERM or KILL.</param>
    public void Signal(string signal)
    {
        using Process kill = Process.Start("kill", ["-" + signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>SIGKILL, at once.</summary>
    public void Kill() => _process.Kill();

    public CommandOutcome Wait()
    {
        if (!_process.WaitForExit(Patience))
        {
            _process.Kill();
            _process.WaitForExit();
            Assert.Fail($"distbp did not end within {Patience}: {_error}");
        }
        _errorPump.Wait(Patience);
        return new CommandOutcome(_process.ExitCode, _output.Result, _error.ToString());
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    private async Task PumpErrorAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            lock (_error) _error.AppendLine(line);
            _errorLines.Add(line);
        }
        _errorLines.CompleteAdding();
    }
}

internal sealed record CommandOutcome(int ExitCode, string Output, string Error)
{
    /// <summary>The command failed with this exit code, told all these words on standard error, and no stack trace.</summary>
    public void ShouldFail(int exitCode, params string[] words)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode} instead of {exitCode}: {Error}");
        foreach (string word in words) Assert.Contains(word, Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("bug", Error, StringComparison.Ordinal);
        Assert.Equal("", Output);
    }
}
