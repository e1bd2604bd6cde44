using System.Buffers.Binary;
using System.Net.Sockets;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Wire.Http2;

/// <summary>
/// Serves the connections of <see cref="Http2Call"/> that ask for it, without Kestrel, which copies their bytes once more and wakes threads on the way. All others are not its own.
/// </summary>
/// <param name="report">Is told of a bug in a call.</param>
internal sealed class LeanServer(GrpcLimits limits, Action<Exception> report)
{
    /// <summary>
    /// The setting by which a client asks, its first one. It is of those for experiments, and says nothing to who does not know it (RFC 9113, section 6.5.2).
    /// </summary>
    public const ushort Setting = 0xF15B;

    /// <summary>The client's first frame up to its first setting.</summary>
    private const int OpeningBytes = 24 + FrameHeader.Bytes + 6;

    /// <summary>Connections that have said nothing yet, each of which has a thread. Further ones are not looked at: they get their calls answered the long way.</summary>
    private const int MaxSilent = 64;

    private readonly Dictionary<string, LongCallStart> _calls = [];
    private readonly Lock _lock = new();
    private readonly Dictionary<LeanConnection, TaskCompletionSource> _connections = [];
    private int _silent;
    private bool _isStopped;

    public static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <param name="path">Of a method whose messages stand in a .proto.</param>
    public void Add(string path, LongCallStart start) => _calls.Add(path, start);

    /// <summary>Takes a connection that has just been accepted. Waits for nothing.</summary>
    /// <param name="others">Is given those that are not for this server, by any thread.</param>
    public void Take(Socket socket, Action<Socket> others)
    {
        if (_calls.Count == 0 || Interlocked.Increment(ref _silent) > MaxSilent)
        {
            if (_calls.Count > 0) Interlocked.Decrement(ref _silent);
            others(socket);
            return;
        }
        new Thread(() => Serve(socket, others)) { IsBackground = true, Name = "distbp connection" }.Start();
    }

    /// <summary>Takes no new connections; those that there are may end by themselves for <paramref name="grace"/>, then they are broken off.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        Task ended;
        lock (_lock)
        {
            _isStopped = true;
            ended = Task.WhenAll(_connections.Values.Select(c => c.Task));
        }
        if (grace > TimeSpan.Zero) await Task.WhenAny(ended, Task.Delay(grace)).ConfigureAwait(false);
        lock (_lock)
        {
            foreach (LeanConnection connection in _connections.Keys) connection.Abort();
        }
        await ended.ConfigureAwait(false);
    }

    private void Serve(Socket socket, Action<Socket> others)
    {
        bool asks;
        try
        {
            asks = Asks(socket);
        }
        catch (SocketException)
        {
            // It has gone; Kestrel finds that too.
            asks = false;
        }
        finally
        {
            Interlocked.Decrement(ref _silent);
        }
        if (!asks)
        {
            others(socket);
            return;
        }
        using var connection = new LeanConnection(socket, limits, _calls, report);
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_isStopped) return;
            _connections.Add(connection, over);
        }
        try
        {
            connection.Run();
        }
        finally
        {
            lock (_lock) _connections.Remove(connection);
            over.SetResult();
        }
    }

    /// <summary>Takes nothing from the socket. A client of this server sends its opening in one piece: where less has come it is another one.</summary>
    private bool Asks(Socket socket)
    {
        if (!socket.Poll(limits.PingInterval + limits.PingTimeout, SelectMode.SelectRead)) return false;
        Span<byte> opening = stackalloc byte[OpeningBytes];
        if (socket.Receive(opening, SocketFlags.Peek) < OpeningBytes || !opening.StartsWith(Preface)) return false;
        FrameHeader first = FrameHeader.Read(opening[Preface.Length..]);
        if (first.Type != FrameType.Settings || first.Length < 6) return false;
        ReadOnlySpan<byte> setting = opening[(Preface.Length + FrameHeader.Bytes)..];
        return BinaryPrimitives.ReadUInt16BigEndian(setting) == Setting && BinaryPrimitives.ReadInt32BigEndian(setting[2..]) == 1;
    }
}
