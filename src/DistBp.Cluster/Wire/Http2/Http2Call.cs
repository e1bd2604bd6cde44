using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Wire.Http2;

/// <summary>
/// One gRPC call on a TCP connection of its own, for long streams of tensors: bytes go from the caller's memory to the socket and from the
/// socket to the caller's memory. (SocketsHttpHandler sends frames of 16 KiB and copies both ways.) One writer and one reader at a time; while
/// anything is to be written somebody must be reading, for what the server has room for comes that way.
/// </summary>
internal sealed class Http2Call : IAsyncDisposable
{
    /// <summary>SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113, section 6.5.2).</summary>
    public const ushort WindowSetting = 4;

    private const int StreamId = 1, DefaultWindow = 65_535, DefaultFrame = 16_384, MaxHeaderBlock = 64 << 10;

    // Small things leave together, and large ones with their beginning: a copy costs less than another call into the kernel, and a packet of a few bytes
    // wakes the receiver as a large one does.
    private const int Gathered = 24 << 10;

    private readonly Socket _socket;
    private readonly string _name;
    private readonly int _window;
    private readonly ReceiveBuffer _received;
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly SendWindow _sendWindow = new(DefaultWindow, DefaultWindow);
    private readonly byte[] _frame = new byte[FrameHeader.Bytes + Gathered];
    private readonly byte[] _control = new byte[64];
    private readonly byte[] _increment = new byte[4];
    private int _peerWindow = DefaultWindow;
    private int _peerFrame = DefaultFrame;
    private int _dataLeft;
    private int _paddingLeft;
    private int _unacknowledged;
    private bool _ended;

    private Http2Call(Socket socket, string name, int window)
        => (_socket, _name, _window, _received) = (socket, name, window, new ReceiveBuffer(socket));

    /// <summary>Connects and begins the call.</summary>
    /// <param name="asksLean">Of a path that a <see cref="LeanServer"/> knows, if there is one.</param>
    /// <exception cref="RpcException">UNAVAILABLE: nobody answers there.</exception>
    public static async Task<Http2Call> StartAsync(
        EndPoint address, string path, Metadata metadata, GrpcLimits limits, CancellationToken cancellation, bool asksLean = false)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        string name = $"{path} at {address}";
        var call = new Http2Call(socket, name, limits.ConnectionWindowBytes);
        try
        {
            await socket.ConnectAsync(address, cancellation).ConfigureAwait(false);
            await call.OpenAsync(HeaderBlock.WriteRequest($"{address}", path, metadata), limits, asksLean, cancellation).ConfigureAwait(false);
            return call;
        }
        catch (SocketException e)
        {
            await call.DisposeAsync().ConfigureAwait(false);
            throw new RpcException(StatusCode.Unavailable, $"{name}: {e.Message}", e);
        }
    }

    /// <summary>Sends head and then payload, a gRPC message or part of one. Both may be used again when this returns.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        while (head.Length + payload.Length > 0)
        {
            int count = await _sendWindow.TakeAsync(Math.Min(head.Length + payload.Length, Volatile.Read(ref _peerFrame)), cancellation).ConfigureAwait(false);
            int ofHead = Math.Min(count, head.Length), ofPayload = count - ofHead;
            await SendDataAsync(head[..ofHead], payload[..ofPayload], flags: 0, cancellation).ConfigureAwait(false);
            (head, payload) = (head[ofHead..], payload[ofPayload..]);
        }
    }

    /// <summary>No more will be written.</summary>
    public ValueTask CompleteAsync(CancellationToken cancellation) => SendDataAsync(default, default, FrameHeader.EndStream, cancellation);

    /// <summary>The next bytes of the responses, at least one; 0 after the last, when the status was OK.</summary>
    /// <exception cref="RpcException">The status was another one, or the connection broke.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellation)
    {
        try
        {
            while (_dataLeft == 0)
            {
                if (_ended) return 0;
                await ReadFrameAsync(cancellation).ConfigureAwait(false);
            }
            int count = await _received.ReadAsync(destination[..Math.Min(destination.Length, _dataLeft)], cancellation).ConfigureAwait(false);
            if (count == 0) throw Broken(null);
            _dataLeft -= count;
            if (_dataLeft == 0 && _paddingLeft > 0) await SkipPaddingAsync(cancellation).ConfigureAwait(false);
            await AcknowledgeAsync(count, cancellation).ConfigureAwait(false);
            return count;
        }
        catch (SocketException e)
        {
            throw Fail(Broken(e));
        }
        catch (RpcException e)
        {
            throw Fail(e);
        }
    }

    public ValueTask DisposeAsync()
    {
        _sendWindow.Close(new RpcException(StatusCode.Cancelled, $"{_name} was closed"));
        _socket.Dispose();
        _sending.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task OpenAsync(byte[] headers, GrpcLimits limits, bool asksLean, CancellationToken cancellation)
    {
        var opening = new List<byte>([.. LeanServer.Preface]);
        byte[] settings = new byte[30];
        // The word to a lean server, no dynamic table, no push, our window for the stream, frames as large as the limit.
        Setting(settings, 0, LeanServer.Setting, asksLean ? 1 : 0);
        Setting(settings, 6, id: 1, 0);
        Setting(settings, 12, id: 2, 0);
        Setting(settings, 18, WindowSetting, _window);
        Setting(settings, 24, id: 5, limits.FrameBytes);
        Append(opening, new FrameHeader(settings.Length, FrameType.Settings, 0, 0), settings);
        byte[] increment = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(increment, Math.Max(1, _window - DefaultWindow));
        Append(opening, new FrameHeader(4, FrameType.WindowUpdate, 0, 0), increment);
        Append(opening, new FrameHeader(headers.Length, FrameType.Headers, FrameHeader.EndHeaders, StreamId), headers);
        await SendAllAsync(opening.ToArray(), cancellation).ConfigureAwait(false);
    }

    internal static void Setting(Span<byte> settings, int at, ushort id, int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(settings[at..], id);
        BinaryPrimitives.WriteInt32BigEndian(settings[(at + 2)..], value);
    }

    private static void Append(List<byte> bytes, FrameHeader header, byte[] payload)
    {
        Span<byte> nine = stackalloc byte[FrameHeader.Bytes];
        header.Write(nine);
        bytes.AddRange(nine);
        bytes.AddRange(payload);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendDataAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> payload, byte flags, CancellationToken cancellation)
    {
        await _sending.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            new FrameHeader(head.Length + payload.Length, FrameType.Data, flags, StreamId).Write(_frame);
            int gathered = FrameHeader.Bytes;
            Gather(ref head, ref gathered);
            if (head.IsEmpty) Gather(ref payload, ref gathered);
            await SendAllAsync(_frame.AsMemory(0, gathered), cancellation).ConfigureAwait(false);
            await SendAllAsync(head, cancellation).ConfigureAwait(false);
            await SendAllAsync(payload, cancellation).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw Broken(e);
        }
        finally
        {
            _sending.Release();
        }
    }

    private void Gather(ref ReadOnlyMemory<byte> bytes, ref int gathered)
    {
        int count = Math.Min(bytes.Length, _frame.Length - gathered);
        bytes[..count].CopyTo(_frame.AsMemory(gathered));
        gathered += count;
        bytes = bytes[count..];
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAllAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (bytes.Length > 0)
        {
            int sent = await _socket.SendAsync(bytes, SocketFlags.None, cancellation).ConfigureAwait(false);
            bytes = bytes[sent..];
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendControlAsync(FrameHeader header, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        await _sending.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            header.Write(_control);
            payload.CopyTo(_control.AsMemory(FrameHeader.Bytes));
            await SendAllAsync(_control.AsMemory(0, FrameHeader.Bytes + payload.Length), cancellation).ConfigureAwait(false);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Gives the server room again, a quarter of the window at a time.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask AcknowledgeAsync(int count, CancellationToken cancellation)
    {
        _unacknowledged += count;
        if (_unacknowledged < _window / 4) return;
        BinaryPrimitives.WriteInt32BigEndian(_increment, _unacknowledged);
        _unacknowledged = 0;
        await SendControlAsync(new FrameHeader(4, FrameType.WindowUpdate, 0, StreamId), _increment, cancellation).ConfigureAwait(false);
        await SendControlAsync(new FrameHeader(4, FrameType.WindowUpdate, 0, 0), _increment, cancellation).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReadFrameAsync(CancellationToken cancellation)
    {
        ReadOnlyMemory<byte> nine = await _received.TakeAsync(FrameHeader.Bytes, cancellation).ConfigureAwait(false);
        if (nine.IsEmpty) throw Broken(null);
        FrameHeader frame = FrameHeader.Read(nine.Span);
        if (frame.Type == FrameType.Data)
        {
            await BeginDataAsync(frame, cancellation).ConfigureAwait(false);
            return;
        }
        if (frame.Length > MaxHeaderBlock) throw new RpcException(StatusCode.Internal, $"{_name} sent a frame of {frame.Length} bytes of type {frame.Type}");
        byte[] payload = (await _received.TakeAsync(frame.Length, cancellation).ConfigureAwait(false)).ToArray();
        if (payload.Length < frame.Length) throw Broken(null);
        await OnControlAsync(frame, payload, cancellation).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask BeginDataAsync(FrameHeader frame, CancellationToken cancellation)
    {
        _dataLeft = frame.Length;
        if (frame.Has(FrameHeader.Padded))
        {
            _paddingLeft = (await _received.TakeAsync(1, cancellation).ConfigureAwait(false)).Span[0];
            _dataLeft -= 1 + _paddingLeft;
            if (_dataLeft < 0) throw new RpcException(StatusCode.Internal, $"{_name} sent a frame that is all padding");
        }
        if (frame.Has(FrameHeader.EndStream)) _ended = true;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SkipPaddingAsync(CancellationToken cancellation)
    {
        int padding = _paddingLeft;
        _paddingLeft = 0;
        await _received.TakeAsync(padding, cancellation).ConfigureAwait(false);
        await AcknowledgeAsync(padding + 1, cancellation).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask OnControlAsync(FrameHeader frame, byte[] payload, CancellationToken cancellation)
    {
        switch (frame.Type)
        {
            case FrameType.Settings when !frame.Has(FrameHeader.Ack):
                Apply(payload);
                await SendControlAsync(new FrameHeader(0, FrameType.Settings, FrameHeader.Ack, 0), default, cancellation).ConfigureAwait(false);
                break;
            case FrameType.Ping when !frame.Has(FrameHeader.Ack) && payload.Length == 8:
                await SendControlAsync(new FrameHeader(8, FrameType.Ping, FrameHeader.Ack, 0), payload, cancellation).ConfigureAwait(false);
                break;
            case FrameType.WindowUpdate when payload.Length == 4:
                int bytes = BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue;
                _sendWindow.Add(frame.Stream == 0 ? bytes : 0, frame.Stream == StreamId ? bytes : 0);
                break;
            case FrameType.Headers:
                OnHeaders(frame, payload);
                break;
            case FrameType.RstStream when payload.Length == 4:
                throw new RpcException(StreamReset.StatusOf(BinaryPrimitives.ReadInt32BigEndian(payload)), $"{_name} was reset by the server");
            case FrameType.GoAway when payload.Length >= 8 && BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(4)) != 0:
                throw new RpcException(StatusCode.Unavailable, $"{_name}: the server closed the connection");
            case FrameType.Continuation or FrameType.PushPromise:
                throw new RpcException(StatusCode.Internal, $"{_name} sent a frame of type {frame.Type}, which was not agreed");
        }
    }

    private void Apply(ReadOnlySpan<byte> settings)
    {
        for (; settings.Length >= 6; settings = settings[6..])
        {
            int value = BinaryPrimitives.ReadInt32BigEndian(settings[2..]);
            switch (BinaryPrimitives.ReadUInt16BigEndian(settings))
            {
                case WindowSetting:
                    _sendWindow.Add(0, value - _peerWindow);
                    _peerWindow = value;
                    break;
                case 5:
                    Volatile.Write(ref _peerFrame, value);
                    break;
            }
        }
    }

    private void OnHeaders(FrameHeader frame, ReadOnlySpan<byte> block)
    {
        if (!frame.Has(FrameHeader.EndHeaders)) throw new RpcException(StatusCode.Internal, $"{_name} sent headers in several frames");
        if (frame.Has(FrameHeader.Padded)) block = block[1..^block[0]];
        if (frame.Has(FrameHeader.HasPriority)) block = block[5..];
        List<KeyValuePair<string, string>> headers = HeaderBlock.Read(block);
        string? Value(string name) => headers.FirstOrDefault(h => h.Key == name).Value;
        if (Value(":status") is { } http and not "200") throw new RpcException(StatusCode.Unknown, $"{_name} was answered with HTTP {http}");
        if (!frame.Has(FrameHeader.EndStream)) return;
        _ended = true;
        if (!int.TryParse(Value("grpc-status"), NumberStyles.None, CultureInfo.InvariantCulture, out int status))
            throw new RpcException(StatusCode.Internal, $"{_name} ended without a grpc-status");
        if (status != 0) throw new RpcException((StatusCode)status, PercentEncoding.Decode(Value("grpc-message") ?? ""));
        _sendWindow.Close(new RpcException(StatusCode.Cancelled, $"{_name} has ended: no more is taken"));
    }

    private RpcException Broken(Exception? cause)
        => new(StatusCode.Unavailable, $"{_name}: {cause?.Message ?? "the connection was closed"}", cause);

    private RpcException Fail(RpcException end)
    {
        _sendWindow.Close(end);
        return end;
    }
}
