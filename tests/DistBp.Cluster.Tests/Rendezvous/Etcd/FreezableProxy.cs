using System.Net;
using System.Net.Sockets;

namespace DistBp.Cluster.Tests.Rendezvous.Etcd;

/// <summary>A network between a client and etcd that can be cut: what is sent from then on is never delivered, and no connection breaks.</summary>
internal sealed class FreezableProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _flows = [];
    private readonly List<TcpClient> _sockets = [];
    private readonly Uri _target;
    private readonly Task _accepting;
    private volatile bool _frozen;

    public FreezableProxy(string target)
    {
        _target = new Uri(target);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Url => $"http://{_listener.LocalEndpoint}";

    public void Freeze() => _frozen = true;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        foreach (TcpClient socket in _sockets) socket.Dispose();
        await Task.WhenAll(_flows);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient near = await _listener.AcceptTcpClientAsync(_stop.Token), far = new();
                _sockets.AddRange([near, far]);
                await far.ConnectAsync(_target.Host, _target.Port, _stop.Token);
                _flows.AddRange([FlowAsync(near, far), FlowAsync(far, near)]);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task FlowAsync(TcpClient from, TcpClient to)
    {
        var buffer = new byte[64 << 10];
        try
        {
            while (await from.GetStream().ReadAsync(buffer) is > 0 and int count)
            {
                if (!_frozen) await to.GetStream().WriteAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection has ended on one side.
        }
        if (!_frozen) to.Close();
    }
}
