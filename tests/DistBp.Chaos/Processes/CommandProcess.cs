using System.Diagnostics;
using System.Text;
using DistBp.Tests.Shared;

namespace DistBp.Chaos.Processes;

/// <summary>The built `distbp` as a process of its own; what it tells is appended to a file.</summary>
internal sealed class CommandProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _log;
    private readonly Task _pump;
    private readonly Lock _gate = new();
    private bool _disposed;

    private CommandProcess(Process process, string log)
    {
        (_process, _log, Id) = (process, log, process.Id);
        _pump = Task.WhenAll(PumpAsync(process.StandardError), PumpAsync(process.StandardOutput));
    }

    public int Id { get; }

    public bool HasEnded => _disposed || _process.HasExited;

    /// <summary>Of one that has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <param name="environment">What it has more of.</param>
    public static CommandProcess Start(string folder, string log, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Surroundings.Command, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach ((string variable, string value) in environment) start.Environment[variable] = value;
        return new CommandProcess(Process.Start(start)!, log);
    }

    public void Signal(int signal)
    {
        if (!_disposed) ProcessSignal.Send(_process, signal);
    }

    /// <summary>Until it has ended, and all that it told is in the file.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        await _process.WaitForExitAsync(cancellation);
        await _pump.WaitAsync(cancellation);
    }

    /// <summary>Kills it, where it has not ended.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        Signal(ProcessSignal.Kill);
        await WaitAsync(CancellationToken.None);
        _disposed = true;
        _process.Dispose();
    }

    private async Task PumpAsync(StreamReader from)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            string told = $"{DateTime.UtcNow:HH:mm:ss.fff} {line}\n";
            lock (_gate) File.AppendAllText(_log, told);
        }
    }
}
