using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Lanes;
using Google.Protobuf;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Nodes.Lanes;

/// <summary>
/// One end of the way by which a coordinator and one member tell each other what has no tensors: calls with their answers, and messages of jobs, in the order in which they
/// are sent, but in none with what goes over gRPC. Its carrier keeps the order and may lose: pieces are numbered, and where one is missing the lane is broken. From any thread.
/// </summary>
internal sealed class ControlLane : IDisposable
{
    /// <summary>Below the smallest frame of any carrier.</summary>
    private const int MaxPieceBytes = 64 << 10;

    /// <summary>Reports of steps, which nobody waits for, are told together: so they cost a training no more than a few messages a second.</summary>
    private static readonly TimeSpan MaxGathering = TimeSpan.FromMilliseconds(50);

    /// <summary>Pieces that came and wait to be handled; far above what the protocol can have under way to a node.</summary>
    private const int MaxWaiting = 1 << 16;

    /// <summary>Calls under way in each direction: a coordinator has a few to each node.</summary>
    private const int MaxCalls = 1024;

    private readonly NodeContext _node;
    private readonly string _peer;
    private readonly Action<LanePiece> _carry;
    private readonly Action<RpcException> _broken;
    private readonly int _maxWordBytes;
    private readonly Channel<LanePiece> _pieces = Channel.CreateBounded<LanePiece>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<LaneAnswer>> _calls = [];
    private readonly ConcurrentDictionary<ulong, CancellationTokenSource> _answering = [];
    private readonly Lock _sending = new(), _hearing = new();
    private readonly ITimer _gathering;
    private LaneWords _gathered = new();
    private int _gatheredBytes;
    private RpcException? _end;
    private ulong _sent, _heard, _lastCall;

    /// <param name="peer">In words, for errors.</param>
    /// <param name="carry">To the other end; it does not wait.</param>
    /// <param name="broken">Is told once, by any thread, when the lane carries nothing any more although nobody has disposed of it.</param>
    public ControlLane(NodeContext node, string peer, Action<LanePiece> carry, Action<RpcException> broken)
    {
        (_node, _peer, _carry, _broken, _maxWordBytes) = (node, peer, carry, broken, node.Limits.MaxMessageBytes);
        _gathering = TimeProvider.System.CreateTimer(_ => SayGathered(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _ = HandleAsync();
    }

    /// <summary>Pieces so far, for heartbeats: the other end gives it to <see cref="Expect"/>.</summary>
    public ulong Sent
    {
        get
        {
            lock (_sending) return _sent;
        }
    }

    /// <summary>Once the lane is broken, or disposed of, nothing happens: its owner knows.</summary>
    public void Send(Contract.Envelope envelope) => Say(new LaneWord { Envelope = envelope });

    /// <summary>One request, one response, as of <see cref="GrpcChannel"/>.</summary>
    /// <exception cref="RpcException">The call ended with another status than OK.</exception>
    public async Task<TResponse> CallAsync<TRequest, TResponse>(
        Method<TRequest, TResponse> method, TRequest request, TimeSpan timeout, CancellationToken cancellation = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        if (_calls.Count >= MaxCalls) throw new RpcException(StatusCode.ResourceExhausted, $"{MaxCalls} calls to {_peer} wait for their answers");
        var answer = new TaskCompletionSource<LaneAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        ulong number = Interlocked.Increment(ref _lastCall);
        _calls[number] = answer;
        try
        {
            Say(new LaneWord { Call = new LaneCall { Number = number, Method = method.Path, Request = request.ToByteString() } });
            // After the call stands among those that the lane's end ends.
            if (Volatile.Read(ref _end) is { } end) throw end;
            LaneAnswer given = await answer.Task.WaitAsync(timeout, cancellation).ConfigureAwait(false);
            return given.Status == 0 ? method.Responses.ParseFrom(given.Response) : throw new RpcException((StatusCode)given.Status, given.Detail);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            Say(new LaneWord { Cancelled = number });
            throw e is TimeoutException
                ? new RpcException(StatusCode.DeadlineExceeded, string.Create(CultureInfo.InvariantCulture, $"{_peer} has not answered within {timeout.TotalSeconds} s"), e)
                : new RpcException(StatusCode.Cancelled, "the call was cancelled", e);
        }
        finally
        {
            _calls.TryRemove(number, out _);
        }
    }

    /// <summary>A piece has come. It is handled later: whoever carries it has other things to do.</summary>
    public void Hear(LanePiece piece)
    {
        lock (_hearing)
        {
            if (piece.Number != _heard + 1) BreakAfter(_heard, piece.Number - 1);
            else if (_pieces.Writer.TryWrite(piece)) _heard++;
            else if (Volatile.Read(ref _end) is null) Break($"{MaxWaiting} pieces of {_peer}'s wait to be handled");
        }
    }

    /// <summary>The other end has sent so many before it said this.</summary>
    public void Expect(ulong pieces)
    {
        lock (_hearing)
        {
            if (pieces > _heard) BreakAfter(_heard, pieces);
        }
    }

    public void Dispose() => End(new RpcException(StatusCode.Unavailable, $"{_peer} is not spoken to any more"));

    private void BreakAfter(ulong heard, ulong sent) => Break($"control words were lost on the way from {_peer}: {sent} pieces were sent, and {heard} came");

    private void Break(string why)
    {
        var end = new RpcException(StatusCode.Aborted, why);
        if (End(end)) _broken(end);
    }

    /// <returns>False: it has ended before.</returns>
    private bool End(RpcException why)
    {
        if (Interlocked.CompareExchange(ref _end, why, null) is not null) return false;
        _pieces.Writer.TryComplete();
        _gathering.Dispose();
        foreach (TaskCompletionSource<LaneAnswer> call in _calls.Values) call.TrySetException(why);
        foreach (CancellationTokenSource answering in _answering.Values) Cancel(answering);
        return true;
    }

    /// <summary>Each word goes after those that were said before, those that are still being gathered too.</summary>
    private void Say(LaneWord word)
    {
        int bytes = word.CalculateSize();
        if (bytes > _maxWordBytes)
        {
            Break($"a control word of {bytes} bytes is to go to {_peer}, and distbp.wire.max-message is {_maxWordBytes}");
            return;
        }
        lock (_sending)
        {
            if (Volatile.Read(ref _end) is not null) return;
            bool first = _gathered.Words.Count == 0;
            _gathered.Words.Add(word);
            _gatheredBytes += bytes;
            if (!IsReport(word) || _gatheredBytes >= MaxPieceBytes) CarryGathered();
            else if (first) _gathering.Change(MaxGathering, Timeout.InfiniteTimeSpan);
        }
    }

    private static bool IsReport(LaneWord word) => word.Envelope?.BodyCase
        is Contract.Envelope.BodyOneofCase.StepCommitted or Contract.Envelope.BodyOneofCase.StepSkipped or Contract.Envelope.BodyOneofCase.ShardMeasured;

    private void SayGathered()
    {
        lock (_sending)
        {
            if (_gathered.Words.Count > 0 && Volatile.Read(ref _end) is null) CarryGathered();
        }
    }

    private void CarryGathered()
    {
        ByteString content = _gathered.ToByteString();
        (_gathered, _gatheredBytes) = (new LaneWords(), 0);
        for (int from = 0; from < content.Length; from += MaxPieceBytes)
        {
            bool more = content.Length - from > MaxPieceBytes;
            ByteString part = content.Length <= MaxPieceBytes ? content : ByteString.CopyFrom(content.Span.Slice(from, more ? MaxPieceBytes : content.Length - from));
            _carry(new LanePiece { Number = ++_sent, Content = part, More = more });
        }
    }

    private async Task HandleAsync()
    {
        var begun = new List<ByteString>();
        long bytes = 0;
        try
        {
            await foreach (LanePiece piece in _pieces.Reader.ReadAllAsync().ConfigureAwait(false))
            {
                // What waits when the lane ends means a membership that is over.
                if (Volatile.Read(ref _end) is not null) return;
                begun.Add(piece.Content);
                bytes += piece.Content.Length;
                // With what was gathered before it.
                if (bytes > _maxWordBytes + 2L * MaxPieceBytes) throw new RpcException(StatusCode.ResourceExhausted, $"a word is longer than {_maxWordBytes} bytes");
                if (piece.More) continue;
                foreach (LaneWord word in LaneWords.Parser.ParseFrom(Joined(begun, (int)bytes)).Words) Handle(word);
                begun.Clear();
                bytes = 0;
            }
        }
        catch (Exception e)
        {
            // The edge of the host: whatever goes wrong here ends the membership and is told by it.
            Break($"what {_peer} says over its lane cannot be taken: {(e as RpcException)?.Detail ?? e.Message}");
        }
    }

    private static ByteString Joined(List<ByteString> parts, int bytes)
    {
        if (parts.Count == 1) return parts[0];
        byte[] whole = new byte[bytes];
        int at = 0;
        foreach (ByteString part in parts)
        {
            part.CopyTo(whole, at);
            at += part.Length;
        }
        return UnsafeByteOperations.UnsafeWrap(whole);
    }

    private void Handle(LaneWord word)
    {
        switch (word.KindCase)
        {
            case LaneWord.KindOneofCase.Envelope: _node.Lanes.Deliver(word.Envelope); break;
            case LaneWord.KindOneofCase.Call: Answer(word.Call); break;
            case LaneWord.KindOneofCase.Answer when _calls.TryGetValue(word.Answer.Number, out TaskCompletionSource<LaneAnswer>? call): call.TrySetResult(word.Answer); break;
            case LaneWord.KindOneofCase.Cancelled when _answering.TryGetValue(word.Cancelled, out CancellationTokenSource? answering): Cancel(answering); break;
        }
    }

    private void Answer(LaneCall call)
    {
        if (_answering.Count >= MaxCalls) throw new RpcException(StatusCode.ResourceExhausted, $"{MaxCalls} calls are being answered");
        // Before the next word, which may cancel it.
        CancellationTokenSource cancelled = _answering[call.Number] = new CancellationTokenSource();
        _ = Task.Run(() => AnswerAsync(call, cancelled));
    }

    private async Task AnswerAsync(LaneCall call, CancellationTokenSource cancelled)
    {
        var answer = new LaneAnswer { Number = call.Number };
        try
        {
            answer.Response = (await _node.Lanes.Calls.AnswerAsync(call.Method, call.Request, cancelled.Token).ConfigureAwait(false)).ToByteString();
        }
        catch (RpcException e)
        {
            (answer.Status, answer.Detail) = ((uint)e.Status, e.Detail);
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            answer.Status = (uint)StatusCode.Cancelled;
        }
        catch (Exception bug)
        {
            // The edge of the host, as of a server's methods.
            _node.Warn($"a bug in distbp: {bug}");
            (answer.Status, answer.Detail) = ((uint)StatusCode.Unknown, "the method failed; the node's own output tells why");
        }
        _answering.TryRemove(call.Number, out _);
        cancelled.Dispose();
        Say(new LaneWord { Answer = answer });
    }

    private static void Cancel(CancellationTokenSource answering)
    {
        try
        {
            answering.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call has just been answered.
        }
    }
}
