using System.Collections.Concurrent;
using System.Globalization;
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
    /// <summary>Calls under way in each direction: a coordinator has a few to each node.</summary>
    private const int MaxCalls = 1024;

    private readonly NodeContext _node;
    private readonly string _peer;
    private readonly Action<RpcException> _broken;
    private readonly int _maxWordBytes;
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<LaneAnswer>> _calls = [];
    private readonly ConcurrentDictionary<ulong, CancellationTokenSource> _answering = [];
    private readonly LaneSpeaker _speaker;
    private readonly LaneListener _listener;
    private RpcException? _end;
    private ulong _lastCall;

    /// <param name="peer">In words, for errors.</param>
    /// <param name="carry">To the other end; it does not wait.</param>
    /// <param name="broken">Is told once, by any thread, when the lane carries nothing any more although nobody has disposed of it.</param>
    public ControlLane(NodeContext node, string peer, Action<LanePiece> carry, Action<RpcException> broken)
    {
        (_node, _peer, _broken, _maxWordBytes) = (node, peer, broken, node.Limits.MaxMessageBytes);
        _speaker = new LaneSpeaker(carry);
        _listener = new LaneListener(peer, _maxWordBytes, Handle, Break);
    }

    /// <summary>Pieces so far, for heartbeats: the other end gives it to <see cref="Expect"/>.</summary>
    public ulong Sent => _speaker.Sent;

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

    /// <summary>A piece has come; it does not wait for anything.</summary>
    public void Hear(LanePiece piece) => _listener.Hear(piece);

    /// <summary>The other end has sent so many pieces before it said this.</summary>
    public void Expect(ulong pieces) => _listener.Expect(pieces);

    public void Dispose() => End(new RpcException(StatusCode.Unavailable, $"{_peer} is not spoken to any more"));

    private void Break(string why)
    {
        var end = new RpcException(StatusCode.Aborted, why);
        if (End(end)) _broken(end);
    }

    /// <returns>False: it has ended before.</returns>
    private bool End(RpcException why)
    {
        if (Interlocked.CompareExchange(ref _end, why, null) is not null) return false;
        _speaker.Dispose();
        _listener.Dispose();
        foreach (TaskCompletionSource<LaneAnswer> call in _calls.Values) call.TrySetException(why);
        foreach (CancellationTokenSource answering in _answering.Values) Cancel(answering);
        return true;
    }

    private void Say(LaneWord word)
    {
        int bytes = word.CalculateSize();
        if (bytes <= _maxWordBytes) _speaker.Say(word, bytes);
        else Break($"a control word of {bytes} bytes is to go to {_peer}, and distbp.wire.max-message is {_maxWordBytes}");
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
