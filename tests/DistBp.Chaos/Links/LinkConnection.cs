using System.Net.Sockets;

namespace DistBp.Chaos.Links;

/// <summary>A connection between two nodes, through this process.</summary>
/// <param name="From">Who has opened it; "": nobody that is known.</param>
internal sealed class LinkConnection(Network network, string from, string to, Socket near, Socket far) : IDisposable
{
    private const int PieceBytes = 64 << 10;
    private readonly CancellationTokenSource _broken = new();

    public string From => from;

    public string To => to;

    public async Task CarryAsync()
    {
        network.Add(this);
        try
        {
            await Task.WhenAll(PumpAsync(near, far, from, to), PumpAsync(far, near, to, from));
        }
        finally
        {
            network.Remove(this);
        }
    }

    /// <summary>Both sides see a reset.</summary>
    public void Break()
    {
        foreach (Socket socket in (Socket[])[near, far])
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
        }
        _broken.Cancel();
    }

    public void Dispose()
    {
        near.Dispose();
        far.Dispose();
        _broken.Dispose();
    }

    private async Task PumpAsync(Socket source, Socket destination, string sender, string receiver)
    {
        var piece = new byte[PieceBytes];
        try
        {
            while (true)
            {
                int count = await source.ReceiveAsync(piece.AsMemory(), _broken.Token);
                await network.PassAsync(sender, receiver, _broken.Token);
                if (count == 0)
                {
                    destination.Shutdown(SocketShutdown.Send);
                    return;
                }
                for (int sent = 0; sent < count;) sent += await destination.SendAsync(piece.AsMemory(sent, count - sent), _broken.Token);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One side is gone: so is the connection, for the other one too.
            if (!_broken.IsCancellationRequested) BreakOnce();
        }
    }

    private void BreakOnce()
    {
        try
        {
            Break();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other direction has done it.
        }
    }
}
