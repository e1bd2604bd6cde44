using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace DistBp.Cluster.Wire.Http2;

/// <summary>Kestrel's way to the network: by sockets, as its own, but that <see cref="LeanServer"/> has the first look at a connection.</summary>
internal sealed class LeanTransport(LeanServer lean) : IConnectionListenerFactory, IDisposable
{
    // Who has received bytes reads them, and whoever has something to send sends it: each way to another thread is a wake-up while the cores compute.
    private readonly SocketConnectionContextFactory _connections = new(new SocketConnectionFactoryOptions { UnsafePreferInlineScheduling = true }, NullLogger.Instance);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IConnectionListener>(LeanListener.Bind(endpoint, lean, _connections));

    public void Dispose() => _connections.Dispose();
}
