using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace DistBp.Chaos.Links;

/// <summary>Stands before a node: whoever calls the node calls this.</summary>
internal sealed class LinkProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<LinkConnection, Task> _open = [];
    private readonly Network _network;
    private readonly string _node;
    private readonly int _port;
    private readonly Func<IReadOnlyDictionary<int, string>> _processes;
    private readonly Task _accepting;

    /// <param name="node">Who listens at the port.</param>
    /// <param name="processes">Ids and names of the nodes that there are.</param>
    public LinkProxy(Network network, string node, int port, Func<IReadOnlyDictionary<int, string>> processes)
    {
        (_network, _node, _port, _processes) = (network, node, port, processes);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        foreach (LinkConnection connection in _open.Keys) connection.Break();
        await Task.WhenAll(_open.Values);
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = OpenAsync(await _listener.AcceptSocketAsync(_end.Token));
        }
        catch (Exception e) when (_end.IsCancellationRequested && e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private async Task OpenAsync(Socket near)
    {
        near.NoDelay = true;
        var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            string from = ConnectionOwner.Find(((IPEndPoint)near.RemoteEndPoint!).Port, Port, _processes());
            await far.ConnectAsync(IPAddress.Loopback, _port, _end.Token);
            using var connection = new LinkConnection(_network, from, _node, near, far);
            Task carrying = connection.CarryAsync();
            _open[connection] = carrying;
            await carrying;
            _open.TryRemove(connection, out _);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Nobody listens there now: the caller sees a reset.
            near.LingerState = new LingerOption(true, 0);
            near.Close();
            far.Close();
        }
    }
}
