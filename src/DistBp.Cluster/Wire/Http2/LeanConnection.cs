using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Wire.Grpc;
using Google.Protobuf;

namespace DistBp.Cluster.Wire.Http2;

/// <summary>
/// A connection with one long call on it: the server's side of <see cref="Http2Call"/>. What comes is taken by threads that look for something to compute, where there are some: waking
/// another one costs more than most of what comes. A thread of the connection's own waits for what comes while none looks, and sees that it is taken in time when all compute. A client
/// from which nothing comes is asked for a sign of life, and given up.
/// </summary>
internal sealed class LeanConnection(Socket socket, GrpcLimits limits, IReadOnlyDictionary<string, LongCallStart> calls, Action<Exception> report) : IAttended, IDisposable
{
    private const int StreamId = 1, DefaultWindow = 65_535, MaxControlBytes = 64 << 10, MaxAnswerBytes = 8 << 10, PrefixBytes = 5;

    /// <summary>A piece stays in the second cache until it is where it belongs. More than a control frame, which is taken as a whole.</summary>
    private const int PieceBytes = 256 << 10;

    /// <summary>Who looks has other things to do, too.</summary>
    private const int MaxPiecesAtOnce = 16;

    /// <summary>What a client that does not read may leave unsent.</summary>
    private const int MaxUnsentBytes = 64 << 10;

    /// <summary>
    /// How long what comes may lie while all who would look compute: the shorter while something was found so, for the system's buffers are not to be full; the longer while others look
    /// often enough, for each look costs them a piece of their core.
    /// </summary>
    private static readonly TimeSpan LeastUnseen = TimeSpan.FromMilliseconds(2), MostUnseen = TimeSpan.FromMilliseconds(16);

    /// <summary>How long the connection's own thread may wait for the socket while another one finds that the connection is to end.</summary>
    private static readonly TimeSpan MaxUntold = TimeSpan.FromMilliseconds(100);

    private readonly Lock _taking = new();
    private readonly AutoResetEvent _unattended = new(false);
    private readonly byte[] _piece = GC.AllocateUninitializedArray<byte>(PieceBytes, pinned: true);
    private readonly ArrayBufferWriter<byte> _unsent = new();
    private readonly string _peer = $"{socket.RemoteEndPoint}";
    private readonly long _accepted = Stopwatch.GetTimestamp();
    private int _begin;
    private int _end;
    private ILongCall? _call;
    private Exception? _failure;
    private int _dataLeft;
    private int _paddingLeft;
    private int _unacknowledged;
    private bool _complete;
    private bool _hasAnswered;
    private bool _isOpen;
    private bool _isOver;
    private volatile bool _isAttended;
    private int _looks;

    // What the client takes of answers yet, by stream and by connection.
    private long _streamRoom = DefaultWindow;
    private long _connectionRoom = DefaultWindow;
    private int _peerWindow = DefaultWindow;
    private long _lastReceived = Stopwatch.GetTimestamp();
    private long? _pinged;

    /// <summary>By the connection's own thread, until it has ended.</summary>
    public void Run()
    {
        RpcException? why = null;
        try
        {
            socket.Blocking = false;
            Open();
            Serve();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            why = Gone(e);
        }
        catch (RpcException e)
        {
            why = e;
        }
        catch (Exception bug)
        {
            // The edge of the host: a bug in a call ends it and is reported, but not the server.
            report(bug);
            why = new RpcException(StatusCode.Unknown, "the method failed; the server's log tells why", bug);
        }
        _call?.Attendance?.Remove(this);
        // Who is at it ends before the call hears that it has ended.
        lock (_taking) _isOver = true;
        _call?.Close(why);
        End(why);
    }

    public void Attend(bool looks)
    {
        _isAttended = looks;
        if (!looks) _unattended.Set();
    }

    public bool Look(bool waits)
    {
        if (waits) _taking.Enter();
        else if (!_taking.TryEnter()) return false;
        try
        {
            _looks++;
            return !_isOver && !_complete && _failure is null && Take();
        }
        catch (Exception failure)
        {
            // Not this thread's affair: the connection's own tells of it.
            _failure = failure;
            _unattended.Set();
            return false;
        }
        finally
        {
            _taking.Exit();
        }
    }

    /// <summary>Breaks off; from any thread.</summary>
    public void Abort()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client was first, or it is over.
        }
        _unattended.Set();
    }

    /// <summary>After <see cref="Run"/>.</summary>
    public void Dispose()
    {
        socket.Dispose();
        _unattended.Dispose();
    }

    /// <summary>Until the client has said that no more comes.</summary>
    private void Serve()
    {
        TimeSpan unseen = LeastUnseen;
        while (true)
        {
            int looks = Volatile.Read(ref _looks);
            bool isAttended = _isAttended;
            if (isAttended) _unattended.WaitOne(unseen);
            else socket.Poll(MaxUntold, SelectMode.SelectRead);
            lock (_taking)
            {
                if (_failure is not null) ExceptionDispatchInfo.Throw(_failure);
                bool found = !_complete && (!isAttended || _looks == looks) && Take();
                if (found) unseen = LeastUnseen;
                else if (unseen < MostUnseen) unseen *= 2;
                if (_complete) return;
                AskForLife();
            }
        }
    }

    /// <summary>What is there; never waits.</summary>
    private bool Take()
    {
        bool found = false;
        for (int pieces = 0; pieces < MaxPiecesAtOnce && !_complete; pieces++)
        {
            int room = MakeRoom(), count = socket.Receive(_piece.AsSpan(_end), SocketFlags.None, out SocketError error);
            if (error is SocketError.WouldBlock) break;
            if (error is not SocketError.Success) throw Gone(new SocketException((int)error));
            if (count == 0) throw new RpcException(StatusCode.Cancelled, "the peer has gone");
            found = true;
            _end += count;
            (_lastReceived, _pinged) = (Stopwatch.GetTimestamp(), null);
            var bytes = new ReadOnlySequence<byte>(_piece, _begin, _end - _begin);
            while (TryTake(ref bytes))
            {
            }
            _begin = _end - (int)bytes.Length;
            if (count < room) break;
        }
        if (_complete) _call?.Complete();
        if (found) Answer();
        return found;
    }

    private int MakeRoom()
    {
        if (_begin > 0)
        {
            _piece.AsSpan(_begin, _end - _begin).CopyTo(_piece);
            (_begin, _end) = (0, _end - _begin);
        }
        return _piece.Length - _end;
    }

    /// <returns>False: more bytes are needed.</returns>
    private bool TryTake(ref ReadOnlySequence<byte> buffer)
    {
        if (_complete || buffer.IsEmpty) return false;
        if (!_isOpen)
        {
            if (buffer.Length < LeanServer.Preface.Length) return false;
            buffer = buffer.Slice(LeanServer.Preface.Length);
            return _isOpen = true;
        }
        if (_dataLeft > 0)
        {
            ReadOnlySequence<byte> data = buffer.Slice(0, Math.Min(buffer.Length, _dataLeft));
            (_call ?? throw Unagreed("data before the headers")).Take(data);
            buffer = buffer.Slice(data.End);
            _dataLeft -= (int)data.Length;
            Acknowledge((int)data.Length);
            return true;
        }
        if (_paddingLeft > 0)
        {
            int padding = (int)Math.Min(buffer.Length, _paddingLeft);
            buffer = buffer.Slice(padding);
            _paddingLeft -= padding;
            Acknowledge(padding);
            return true;
        }
        return TryTakeFrame(ref buffer);
    }

    private bool TryTakeFrame(ref ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < FrameHeader.Bytes) return false;
        Span<byte> nine = stackalloc byte[FrameHeader.Bytes];
        buffer.Slice(0, FrameHeader.Bytes).CopyTo(nine);
        FrameHeader frame = FrameHeader.Read(nine);
        if (frame.Type == FrameType.Data)
        {
            if (frame.Stream != StreamId || frame.Length > limits.FrameBytes) throw Unagreed($"{frame}");
            int padded = frame.Has(FrameHeader.Padded) ? 1 : 0;
            if (buffer.Length < FrameHeader.Bytes + padded) return false;
            if (padded > 0) _paddingLeft = buffer.Slice(FrameHeader.Bytes).FirstSpan[0];
            _dataLeft = frame.Length - padded - _paddingLeft;
            if (_dataLeft < 0) throw Unagreed("a frame that is all padding");
            Acknowledge(padded);
            buffer = buffer.Slice(FrameHeader.Bytes + padded);
            _complete = frame.Has(FrameHeader.EndStream) && _dataLeft == 0;
            if (frame.Has(FrameHeader.EndStream) && !_complete) throw Unagreed("the end of the stream with data");
            return true;
        }
        if (frame.Length > MaxControlBytes) throw Unagreed($"{frame}");
        if (buffer.Length < FrameHeader.Bytes + frame.Length) return false;
        OnControl(frame, buffer.Slice(FrameHeader.Bytes, frame.Length).ToArray());
        buffer = buffer.Slice(FrameHeader.Bytes + frame.Length);
        return true;
    }

    private void OnControl(FrameHeader frame, byte[] payload)
    {
        switch (frame.Type)
        {
            case FrameType.Settings when !frame.Has(FrameHeader.Ack):
                Apply(payload);
                Write(new FrameHeader(0, FrameType.Settings, FrameHeader.Ack, 0), default);
                break;
            case FrameType.Ping when !frame.Has(FrameHeader.Ack) && payload.Length == 8:
                Write(new FrameHeader(8, FrameType.Ping, FrameHeader.Ack, 0), payload);
                break;
            case FrameType.WindowUpdate when payload.Length == 4:
                int bytes = BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue;
                if (frame.Stream == 0) _connectionRoom += bytes;
                else _streamRoom += bytes;
                break;
            case FrameType.Headers:
                Begin(frame, payload);
                break;
            case FrameType.RstStream:
                throw new RpcException(StatusCode.Cancelled, "the peer has reset the call");
            case FrameType.Continuation or FrameType.PushPromise:
                throw Unagreed($"{frame}");
        }
    }

    private void Apply(ReadOnlySpan<byte> settings)
    {
        for (; settings.Length >= 6; settings = settings[6..])
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(settings) != Http2Call.WindowSetting) continue;
            int window = BinaryPrimitives.ReadInt32BigEndian(settings[2..]);
            _streamRoom += window - _peerWindow;
            _peerWindow = window;
        }
    }

    private void Begin(FrameHeader frame, byte[] block)
    {
        if (_call is not null || frame.Stream != StreamId || !frame.Has(FrameHeader.EndHeaders) || frame.Has(FrameHeader.Padded) || frame.Has(FrameHeader.HasPriority))
            throw Unagreed($"{frame}");
        var metadata = new Metadata();
        string path = "";
        foreach ((string name, string value) in HeaderBlock.Read(block))
        {
            if (name == ":path") path = value;
            else metadata.AddReceived(name, value);
        }
        if (!calls.TryGetValue(path, out LongCallStart? start)) throw new RpcException(StatusCode.Unimplemented, $"there is no method {path} for long calls");
        _call = start(metadata, _peer, Wake);
        _call.Attendance?.Add(this);
    }

    /// <summary>There is something to answer; by any thread that takes nothing.</summary>
    private void Wake()
    {
        lock (_taking)
        {
            try
            {
                if (!_isOver) Answer();
            }
            catch (Exception failure)
            {
                _failure ??= failure;
                _unattended.Set();
            }
        }
    }

    private void AskForLife()
    {
        if (_call is null && Stopwatch.GetElapsedTime(_accepted) >= limits.PingInterval + limits.PingTimeout)
            throw new RpcException(StatusCode.DeadlineExceeded, "the connection has brought no call");
        TimeSpan silence = Stopwatch.GetElapsedTime(_lastReceived);
        if (_pinged is { } asked && Stopwatch.GetElapsedTime(asked) >= limits.PingTimeout)
            throw new RpcException(StatusCode.Cancelled, $"the peer has been silent for {silence.TotalSeconds:0.0} s");
        if (_pinged is not null || silence < limits.PingInterval) return;
        _pinged = Stopwatch.GetTimestamp();
        Write(new FrameHeader(8, FrameType.Ping, 0, 0), stackalloc byte[8]);
        Flush();
    }

    /// <summary>Gives the client room again, a quarter of the window at a time.</summary>
    private void Acknowledge(int count)
    {
        _unacknowledged += count;
        if (_unacknowledged < limits.StreamWindowBytes / 4) return;
        Span<byte> increment = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(increment, _unacknowledged);
        _unacknowledged = 0;
        Write(new FrameHeader(4, FrameType.WindowUpdate, 0, StreamId), increment);
        Write(new FrameHeader(4, FrameType.WindowUpdate, 0, 0), increment);
    }

    /// <summary>As far as the client has room for answers; it says so when it has more.</summary>
    private void Answer()
    {
        while (_call is not null && Math.Min(_streamRoom, _connectionRoom) >= MaxAnswerBytes && _call.NextAnswer() is { } answer)
        {
            int length = answer.CalculateSize(), bytes = PrefixBytes + length;
            if (bytes > MaxAnswerBytes) throw new UnreachableException($"An answer of {length} bytes.");
            BeginAnswers();
            Span<byte> message = new byte[bytes];
            BinaryPrimitives.WriteInt32BigEndian(message[1..], length);
            answer.WriteTo(message[PrefixBytes..]);
            Write(new FrameHeader(bytes, FrameType.Data, 0, StreamId), message);
            (_streamRoom, _connectionRoom) = (_streamRoom - bytes, _connectionRoom - bytes);
        }
        Flush();
    }

    private void BeginAnswers()
    {
        if (_hasAnswered) return;
        _hasAnswered = true;
        byte[] block = HeaderBlock.WriteResponse();
        Write(new FrameHeader(block.Length, FrameType.Headers, FrameHeader.EndHeaders, StreamId), block);
    }

    /// <summary>Our window for the stream and the connection, frames as large as the limit, no dynamic table, one call.</summary>
    private void Open()
    {
        Span<byte> settings = stackalloc byte[24];
        Http2Call.Setting(settings, 0, id: 1, 0);
        Http2Call.Setting(settings, 6, id: 3, 1);
        Http2Call.Setting(settings, 12, id: Http2Call.WindowSetting, limits.StreamWindowBytes);
        Http2Call.Setting(settings, 18, id: 5, limits.FrameBytes);
        Write(new FrameHeader(settings.Length, FrameType.Settings, 0, 0), settings);
        Span<byte> increment = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(increment, Math.Max(1, limits.ConnectionWindowBytes - DefaultWindow));
        Write(new FrameHeader(4, FrameType.WindowUpdate, 0, 0), increment);
        Flush();
    }

    /// <summary>Tells the status, and reads on for a while, for a connection that is closed with bytes unread takes the status with it.</summary>
    private void End(RpcException? why)
    {
        long begin = Stopwatch.GetTimestamp();
        try
        {
            byte[] block = HeaderBlock.WriteTrailers(_hasAnswered, why?.Status ?? StatusCode.Ok, why?.Detail ?? "");
            Write(new FrameHeader(block.Length, FrameType.Headers, FrameHeader.EndHeaders | FrameHeader.EndStream, StreamId), block);
            Flush();
            while (limits.PingTimeout - Stopwatch.GetElapsedTime(begin) is var left && left > TimeSpan.Zero && socket.Poll(left, SelectMode.SelectRead))
            {
                if (socket.Receive(_piece, SocketFlags.None, out SocketError error) == 0 || error is not SocketError.Success) return;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or RpcException)
        {
            // The client has gone, or goes on sending in spite of the status.
        }
    }

    private void Write(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        Span<byte> room = _unsent.GetSpan(FrameHeader.Bytes + payload.Length);
        header.Write(room);
        payload.CopyTo(room[FrameHeader.Bytes..]);
        _unsent.Advance(FrameHeader.Bytes + payload.Length);
    }

    /// <summary>What the socket does not take leaves with what is written next.</summary>
    private void Flush()
    {
        if (_unsent.WrittenCount == 0) return;
        int sent = socket.Send(_unsent.WrittenSpan, SocketFlags.None, out SocketError error);
        if (error is not (SocketError.Success or SocketError.WouldBlock)) throw Gone(new SocketException((int)error));
        byte[] rest = sent < _unsent.WrittenCount ? _unsent.WrittenSpan[sent..].ToArray() : [];
        if (rest.Length > MaxUnsentBytes) throw new RpcException(StatusCode.ResourceExhausted, $"the peer leaves {rest.Length} bytes of answers unread");
        _unsent.ResetWrittenCount();
        _unsent.Write(rest);
    }

    private static RpcException Gone(Exception cause) => new(StatusCode.Cancelled, "the peer has gone or reset the call", cause);

    private static RpcException Unagreed(string what) => new(StatusCode.Internal, $"the connection brought {what}, which was not agreed");
}
