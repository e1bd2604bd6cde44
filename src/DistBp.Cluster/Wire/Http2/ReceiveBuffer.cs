using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace DistBp.Cluster.Wire.Http2;

/// <summary>
/// Reads small things (frame headers) through a buffer and large ones past it. What is asked for in one piece fits the buffer.
/// </summary>
internal sealed class ReceiveBuffer(Socket socket)
{
    // What follows a frame's header is best received where it belongs: little more than the header is asked for.
    private const int Little = 1024;

    private readonly byte[] _bytes = new byte[64 << 10];
    private int _start;
    private int _end;

    /// <summary>Exactly <paramref name="count"/> bytes, valid until the next call; fewer where the connection has ended.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReadOnlyMemory<byte>> TakeAsync(int count, CancellationToken cancellation)
    {
        if (_end - _start < count)
        {
            _bytes.AsSpan(_start, _end - _start).CopyTo(_bytes);
            (_start, _end) = (0, _end - _start);
            while (_end < count)
            {
                int received = await socket.ReceiveAsync(_bytes.AsMemory(_end, Math.Max(count - _end, Math.Min(Little, _bytes.Length - _end))), SocketFlags.None, cancellation)
                    .ConfigureAwait(false);
                if (received == 0) return default;
                _end += received;
            }
        }
        ReadOnlyMemory<byte> taken = _bytes.AsMemory(_start, count);
        _start += count;
        return taken;
    }

    /// <summary>What is in the buffer first; then straight from the socket into <paramref name="destination"/>, if that is worth a call.</summary>
    /// <returns>0 where the connection has ended.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellation)
    {
        if (_start == _end)
        {
            if (destination.Length >= Little) return await socket.ReceiveAsync(destination, SocketFlags.None, cancellation).ConfigureAwait(false);
            _start = 0;
            _end = await socket.ReceiveAsync(_bytes.AsMemory(0, Little), SocketFlags.None, cancellation).ConfigureAwait(false);
        }
        int count = Math.Min(destination.Length, _end - _start);
        _bytes.AsMemory(_start, count).CopyTo(destination);
        _start += count;
        return count;
    }
}
