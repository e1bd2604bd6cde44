using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace DistBp.Cluster.Wire.Http2;

/// <summary>Where a server listens: what <see cref="LeanServer"/> does not take is Kestrel's.</summary>
internal sealed class LeanListener : IConnectionListener
{
    private const int MaxWaiting = 512;

    private readonly Socket _listening;
    private readonly LeanServer _lean;
    private readonly SocketConnectionContextFactory _connections;
    private readonly Channel<Socket> _others = Channel.CreateBounded<Socket>(MaxWaiting);
    private readonly Task _accepting;

    private LeanListener(Socket listening, LeanServer lean, SocketConnectionContextFactory connections)
    {
        (_listening, _lean, _connections, EndPoint) = (listening, lean, connections, listening.LocalEndPoint!);
        _accepting = AcceptAllAsync();
    }

    public EndPoint EndPoint { get; }

    /// <param name="connections">Makes those of Kestrel.</param>
    /// <exception cref="IOException">Another one listens there.</exception>
    /// <exception cref="SocketException">The address is not to be had.</exception>
    public static LeanListener Bind(EndPoint endpoint, LeanServer lean, SocketConnectionContextFactory connections)
    {
        try
        {
            Socket listening = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            listening.Listen(MaxWaiting);
            return new LeanListener(listening, lean, connections);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(e.Message, e);
        }
    }

    /// <returns>The next connection of Kestrel's; null: there are no more.</returns>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        await _others.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false) && _others.Reader.TryRead(out Socket? socket) ? _connections.Create(socket) : null;

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _listening.Dispose();
        await _accepting.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync().ConfigureAwait(false);
        while (_others.Reader.TryRead(out Socket? socket)) socket.Dispose();
    }

    private async Task AcceptAllAsync()
    {
        while (true)
        {
            try
            {
                Socket socket = await _listening.AcceptAsync().ConfigureAwait(false);
                if (socket.LocalEndPoint is IPEndPoint) socket.NoDelay = true;
                _lean.Take(socket, PassOn);
            }
            catch (SocketException e) when (e.SocketErrorCode != SocketError.OperationAborted)
            {
                // The client was gone before it was accepted.
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                _others.Writer.TryComplete();
                return;
            }
        }
    }

    private void PassOn(Socket socket)
    {
        // Kestrel takes them faster than they come, or is at its end.
        if (!_others.Writer.TryWrite(socket)) socket.Dispose();
    }
}
