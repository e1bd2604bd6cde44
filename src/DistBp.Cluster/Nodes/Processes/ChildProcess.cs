using System.Diagnostics;
using System.Globalization;

namespace DistBp.Cluster.Nodes.Processes;

/// <summary>
/// A process of this program that ends with the one that started it: its standard input is a pipe that closes with its parent, however that
/// ends. Its last words are kept, for the case that it dies.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private const int KeptLines = 20;

    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly Queue<string> _lastLines = new();
    private readonly Lock _gate = new();

    private ChildProcess(string name, Process process) => (Name, _process) = (name, process);

    public string Name { get; }

    public int Id => _process.Id;

    /// <summary>Completes with its end.</summary>
    public Task Ended => _process.WaitForExitAsync(CancellationToken.None);

    public bool HasEnded => _process.HasExited;

    /// <summary>"process-2 (process 4711) ended with code 5: last words".</summary>
    public string Epitaph
    {
        get
        {
            string words;
            lock (_gate) words = string.Join(" | ", _lastLines.TakeLast(2));
            return string.Create(CultureInfo.InvariantCulture, $"{Name} (process {_process.Id}) ended with code {_process.ExitCode}{(words.Length > 0 ? $": {words}" : "")}");
        }
    }

    /// <param name="environment">A variable for the child alone.</param>
    public static ChildProcess Start(string name, string program, IReadOnlyList<string> arguments, (string Variable, string Value) environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[environment.Variable] = environment.Value;
        // It trains for long, and its first steps count: methods are compiled once, whole, and not again behind the back of the threads that compute.
        start.Environment.TryAdd("DOTNET_TieredCompilation", "0");
        var child = new ChildProcess(name, new Process { StartInfo = start, EnableRaisingEvents = true });
        child._process.OutputDataReceived += (_, line) => child.Keep(line.Data);
        child._process.ErrorDataReceived += (_, line) => child.Keep(line.Data);
        child._process.Start();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Asks it to end, by closing its input; what does not end in time is killed.</summary>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            if (!_process.WaitForExit(EndPatience)) _process.Kill();
        }
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (string.IsNullOrWhiteSpace(line)) return;
        lock (_gate)
        {
            _lastLines.Enqueue(line);
            if (_lastLines.Count > KeptLines) _lastLines.Dequeue();
        }
    }
}
