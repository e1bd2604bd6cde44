using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Pipelines;
using DistBp.Cluster.Wire.Grpc;
using Google.Protobuf;
using Microsoft.AspNetCore.Connections;

namespace DistBp.Cluster.Wire.Http2;

/// <summary>
/// A connection with one long call on it: the server's side of <see cref="Http2Call"/>. One loop reads, delivers and answers. A client from which nothing comes is asked
/// for a sign of life, and given up.
/// </summary>
internal sealed class LeanConnection(ConnectionContext connection, GrpcLimits limits, IReadOnlyDictionary<string, LongCallStart> calls, Action<Exception> report)
{
    private const int StreamId = 1, DefaultWindow = 65_535, MaxControlBytes = 64 << 10, MaxAnswerBytes = 8 << 10, PrefixBytes = 5;

    private readonly PipeReader _input = connection.Transport.Input;
    private readonly PipeWriter _output = connection.Transport.Output;
    private ILongCall? _call;
    private int _dataLeft;
    private int _paddingLeft;
    private int _unacknowledged;
    private bool _complete;
    private bool _hasAnswered;
    private bool _isOpen;

    // What the client takes of answers yet, by stream and by connection.
    private long _streamRoom = DefaultWindow;
    private long _connectionRoom = DefaultWindow;
    private int _peerWindow = DefaultWindow;
    private readonly long _accepted = Stopwatch.GetTimestamp();
    private long _lastReceived = Stopwatch.GetTimestamp();
    private long? _pinged;

    public async Task RunAsync()
    {
        RpcException? why = null;
        try
        {
            Open();
            // Looked at twice in the shorter of the two times.
            TimeSpan period = (limits.PingInterval < limits.PingTimeout ? limits.PingInterval : limits.PingTimeout) / 2;
            using (new Timer(_ => _input.CancelPendingRead(), null, period, period)) await ServeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ConnectionAbortedException)
        {
            why = new RpcException(StatusCode.Cancelled, "the peer has gone or reset the call", e);
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
        _call?.Close(why);
        await EndAsync(why).ConfigureAwait(false);
    }

    /// <summary>Until the client has said that no more comes.</summary>
    private async Task ServeAsync()
    {
        while (!_complete)
        {
            ReadResult result = await _input.ReadAsync().ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = result.Buffer;
            if (!buffer.IsEmpty) (_lastReceived, _pinged) = (Stopwatch.GetTimestamp(), null);
            try
            {
                while (TryTake(ref buffer))
                {
                }
            }
            finally
            {
                _input.AdvanceTo(buffer.Start, buffer.End);
            }
            if (result.IsCanceled) AskForLife();
            if (_complete) _call?.Complete();
            else if (result.IsCompleted) throw new RpcException(StatusCode.Cancelled, "the peer has gone");
            Answer();
            if (_output.UnflushedBytes > 0) await _output.FlushAsync().ConfigureAwait(false);
        }
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
        _call = start(metadata, $"{connection.RemoteEndPoint}", _input.CancelPendingRead);
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
    }

    /// <summary>Tells the status, and reads on for a while, for a connection that is closed with bytes unread takes the status with it.</summary>
    private async Task EndAsync(RpcException? why)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        patience.CancelAfter(limits.PingTimeout);
        try
        {
            byte[] block = HeaderBlock.WriteTrailers(_hasAnswered, why?.Status ?? StatusCode.Ok, why?.Detail ?? "");
            Write(new FrameHeader(block.Length, FrameType.Headers, FrameHeader.EndHeaders | FrameHeader.EndStream, StreamId), block);
            await _output.FlushAsync(patience.Token).ConfigureAwait(false);
            while (true)
            {
                ReadResult result = await _input.ReadAsync(patience.Token).ConfigureAwait(false);
                _input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted) return;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ConnectionAbortedException)
        {
            // The client has gone, or goes on sending in spite of the status.
        }
    }

    private void Write(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        Span<byte> room = _output.GetSpan(FrameHeader.Bytes + payload.Length);
        header.Write(room);
        payload.CopyTo(room[FrameHeader.Bytes..]);
        _output.Advance(FrameHeader.Bytes + payload.Length);
    }

    private static RpcException Unagreed(string what) => new(StatusCode.Internal, $"the connection brought {what}, which was not agreed");
}
