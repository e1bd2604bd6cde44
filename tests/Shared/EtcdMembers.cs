using System.Diagnostics;

namespace DistBp.Tests.Shared;

/// <summary>An etcd cluster on free ports of loopback, with its data and its logs in a folder.</summary>
internal sealed class EtcdMembers : IAsyncDisposable
{
    /// <summary>One of three may be lost.</summary>
    public const int Usual = 3;

    private const string Program = "etcd", Healthy = "\"true\"";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), Interval = TimeSpan.FromMilliseconds(50);

    private readonly string _folder;
    private readonly string[] _clients;
    private readonly string[] _peers;
    private readonly Process?[] _processes;

    private EtcdMembers(string folder, string[] urls) =>
        (_folder, _clients, _peers, _processes) = (folder, urls[..(urls.Length / 2)], urls[(urls.Length / 2)..], new Process?[urls.Length / 2]);

    public static bool IsInstalled => Surroundings.HasProgram(Program);

    /// <summary>URLs of the client ports.</summary>
    public IReadOnlyList<string> Endpoints => _clients;

    public int Count => _processes.Length;

    public static string NameOf(int member) => $"m{member}";

    /// <exception cref="TimeoutException">They did not come up.</exception>
    public static async Task<EtcdMembers> StartAsync(string folder, int count)
    {
        Directory.CreateDirectory(folder);
        var etcd = new EtcdMembers(folder, [.. FreePorts.Find(2 * count).Select(p => $"http://127.0.0.1:{p}")]);
        bool started = false;
        try
        {
            for (int i = 0; i < count; i++) etcd.Start(i);
            await etcd.HealthyAsync();
            started = true;
            return etcd;
        }
        finally
        {
            if (!started) await etcd.DisposeAsync();
        }
    }

    public int Find(string name) => Enumerable.Range(0, Count).First(i => NameOf(i) == name);

    /// <summary>With what it has on its disk, if it was there before.</summary>
    public void Start(int member)
    {
        string name = NameOf(member);
        var start = new ProcessStartInfo(Program,
        [
            "--name", name, "--data-dir", Path.Combine(_folder, name), "--initial-cluster", string.Join(',', _peers.Select((p, i) => $"{NameOf(i)}={p}")),
            "--initial-cluster-state", "new", "--initial-cluster-token", _folder, "--listen-client-urls", _clients[member],
            "--advertise-client-urls", _clients[member], "--listen-peer-urls", _peers[member], "--initial-advertise-peer-urls", _peers[member],
            "--logger", "zap", "--log-outputs", Path.Combine(_folder, $"{name}.log"), "--log-level", "warn",
        ]);
        string[] settings = [.. start.Environment.Keys.Where(k => k.StartsWith("ETCD_", StringComparison.Ordinal))];
        foreach (string setting in settings) start.Environment.Remove(setting);
        _processes[member] = Process.Start(start)!;
    }

    public async Task KillAsync(int member)
    {
        if (_processes[member] is not { } process) return;
        // SIGKILL ends a process that stands still too.
        ProcessSignal.Send(process, ProcessSignal.Kill);
        await process.WaitForExitAsync();
        process.Dispose();
        _processes[member] = null;
    }

    public void Signal(int member, int signal)
    {
        if (_processes[member] is { } process) ProcessSignal.Send(process, signal);
    }

    /// <summary>Until each member that runs serves reads and writes.</summary>
    /// <exception cref="TimeoutException">It did not come to that.</exception>
    public async Task HealthyAsync()
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < Count; i++)
        {
            while (_processes[i] is not null && !await IsHealthyAsync(http, _clients[i]))
            {
                if (Stopwatch.GetElapsedTime(begin) > Patience) throw new TimeoutException($"waited {Patience.TotalSeconds:F0} s for etcd at {_clients[i]}, in vain; see {_folder}");
                await Task.Delay(Interval);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (int i = 0; i < Count; i++) await KillAsync(i);
    }

    private static async Task<bool> IsHealthyAsync(HttpClient http, string member)
    {
        try
        {
            return (await http.GetStringAsync(new Uri($"{member}/health"))).Contains(Healthy, StringComparison.Ordinal);
        }
        catch (Exception notYet) when (notYet is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
