using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using DistBp.Cluster.Rendezvous.Etcd;
using DistBp.Cluster.Rendezvous.Etcd.Api;
using DistBp.Cluster.Tests.Storage;
using Google.Protobuf;

namespace DistBp.Cluster.Tests.Rendezvous.Etcd;

/// <summary>An etcd cluster of this test: processes on free ports of loopback, with their data in a temporary folder.</summary>
internal sealed partial class EtcdProcesses : IAsyncDisposable
{
    private const int Sigcont = 18, Sigstop = 19, LinesKept = 20;

    private static readonly EtcdLimits Patient = EtcdLimits.Default with { CallTimeout = TimeSpan.FromMinutes(1) };

    private readonly TemporaryFolder _folder = new();
    private readonly List<Process> _members = [];
    private readonly ConcurrentQueue<string> _lines = new();

    private EtcdProcesses(IReadOnlyList<string> endpoints) => Endpoints = endpoints;

    public IReadOnlyList<string> Endpoints { get; }

    public static async Task<EtcdProcesses> StartAsync(int members)
    {
        string[] urls = [.. FreePorts(2 * members).Select(p => $"http://127.0.0.1:{p}")];
        var etcd = new EtcdProcesses(urls[..members]);
        bool started = false;
        try
        {
            string all = string.Join(',', urls[members..].Select((peer, i) => $"m{i}={peer}"));
            for (int i = 0; i < members; i++) etcd._members.Add(etcd.Start($"m{i}", urls[i], urls[members + i], all));
            await etcd.ReadyAsync();
            started = true;
            return etcd;
        }
        finally
        {
            if (!started) await etcd.DisposeAsync();
        }
    }

    /// <summary>The process stands still, and its connections stay open.</summary>
    public void Freeze(int member) => Signal(member, Sigstop);

    public void Thaw(int member) => Signal(member, Sigcont);

    public async Task KillAsync(int member)
    {
        _members[member].Kill();
        await _members[member].WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        for (int i = 0; i < _members.Count; i++)
        {
            // SIGKILL ends a process that stands still too.
            if (!_members[i].HasExited) await KillAsync(i);
            _members[i].Dispose();
        }
        _folder.Dispose();
    }

    private async Task ReadyAsync()
    {
        using var client = new EtcdClient(Endpoints, Patient, TimeProvider.System);
        Task ready = client.RangeAsync(new RangeRequest { Key = ByteString.CopyFromUtf8("/") }, CancellationToken.None);
        Task ended = Task.WhenAny(_members.Select(m => m.WaitForExitAsync()));
        if (await Task.WhenAny(ready, ended) == ended) throw new InvalidOperationException($"etcd ended at its start: {string.Join('\n', _lines)}");
        await ready;
    }

    private Process Start(string name, string clients, string peers, string all)
    {
        var start = new ProcessStartInfo("etcd",
        [
            "--name", name, "--data-dir", _folder[name], "--initial-cluster", all, "--initial-cluster-state", "new", "--initial-cluster-token", _folder.Path,
            "--listen-client-urls", clients, "--advertise-client-urls", clients, "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
            "--logger", "zap", "--log-outputs", "stderr", "--log-level", "error",
        ])
        {
            RedirectStandardError = true,
            WorkingDirectory = _folder.Path,
        };
        string[] settings = [.. start.Environment.Keys.Where(k => k.StartsWith("ETCD_", StringComparison.Ordinal))];
        foreach (string setting in settings) start.Environment.Remove(setting);
        Process process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null) return;
            _lines.Enqueue($"{name}: {line.Data}");
            if (_lines.Count > LinesKept) _lines.TryDequeue(out string? _);
        };
        process.BeginErrorReadLine();
        return process;
    }

    private void Signal(int member, int signal) => Assert.Equal(0, Kill(_members[member].Id, signal));

    private static int[] FreePorts(int count)
    {
        // All at once, so that they differ.
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners) listener.Start();
        int[] ports = [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners) listener.Dispose();
        return ports;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
