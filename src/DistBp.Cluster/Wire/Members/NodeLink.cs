using System.Net;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Http2;
using DistBp.Cluster.Wire.Members.Contract;
using DistBp.Cluster.Wire.Shared;

namespace DistBp.Cluster.Wire.Members;

/// <summary>
/// The way to a peer: one long call over which all messages to it go, in the order in which they are sent. From any thread.
/// <para>
/// Tensors leave from the caller's memory without a copy, some time after <see cref="Send"/> has returned: they must stay unchanged until the
/// protocol says that the receiver has them. For gradients and parameters it does: both stay unchanged until the next version is committed.
/// For anything else <see cref="SentAsync"/> tells.
/// </para>
/// </summary>
internal sealed class NodeLink : IAsyncDisposable
{
    private readonly Http2Call _call;
    private readonly LinkQueue _queue;
    private readonly ReceiptReader _receipts;
    private readonly SharedLanes _lanes = new();
    private readonly Action<RpcException> _failed;
    private readonly Action<Fence>? _fenced;
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _admitted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _reading = Task.CompletedTask;
    private (RingWriter Writer, TaskCompletionSource<SharedAnswer> Answer)? _ring;
    private uint _nextTensor;
    private int _over;

    private NodeLink(Http2Call call, string peer, Action<RpcException> failed, Action<Fence>? fenced)
    {
        (_call, Peer, _failed, _fenced) = (call, peer, failed, fenced);
        _queue = new LinkQueue(call, Fail);
        _receipts = new ReceiptReader(call);
    }

    /// <summary>The peer's name, for errors.</summary>
    public string Peer { get; }

    /// <summary>Why nothing reaches the peer any more; null while it does.</summary>
    public RpcException? Error => _queue.Error;

    /// <summary>Of all that has been sent: heads, envelopes and tensors.</summary>
    public long ByteCount => _queue.ByteCount;

    /// <summary>Opens the call and waits until the peer has admitted this node.</summary>
    /// <param name="metadata">Cluster, node, secret: what the peer asks of a caller.</param>
    /// <param name="failed">
    /// Is told once, by any thread, also within <see cref="Send"/>, when messages do not reach the peer any more although nobody has closed the link. The status is the peer's, or
    /// UNAVAILABLE where the connection broke; the detail names the peer. It does not wait for anything of the link's.
    /// </param>
    /// <param name="fenced">Is told when the peer applies nothing any more of the generation in which something was sent to it; null: nobody.</param>
    /// <exception cref="RpcException">Nobody answers there, or the peer does not want this node; the detail names the peer.</exception>
    public static async Task<NodeLink> ConnectAsync(
        EndPoint address, string peer, Metadata metadata, GrpcLimits limits, Action<RpcException> failed, CancellationToken cancellation, Action<Fence>? fenced = null)
    {
        NodeLink? link = null;
        try
        {
            Http2Call call = await Http2Call.StartAsync(address, DeliveryService.Path, metadata, limits, cancellation, asksLean: true).ConfigureAwait(false);
            link = new NodeLink(call, peer, failed, fenced);
            link._reading = link.ReadAsync();
            await link._admitted.Task.WaitAsync(cancellation).ConfigureAwait(false);
            return link;
        }
        catch (Exception e)
        {
            if (link is not null) await link.DisposeAsync().ConfigureAwait(false);
            if (e is RpcException refused && link is null) throw Named(peer, refused);
            throw;
        }
    }

    /// <summary>Sends a message. Once the link has failed, or is closed, nothing happens: its owner has been told.</summary>
    /// <param name="envelope">The link's from now on; it adds what is to be known of the tensors.</param>
    /// <param name="mayWait">For others, <see cref="LinkQueue.MaxWait"/> at most: nobody is in a hurry for it.</param>
    public void Send(Envelope envelope, IReadOnlyList<TensorBytes> tensors, bool mayWait = false)
    {
        // The numbers of the tensors have no order, so only the queue's own lock is held while anything is written.
        uint first = Reserve(tensors.Count);
        // It would make room for eight.
        envelope.Tensors.Capacity = envelope.Tensors.Count + tensors.Count;
        for (int i = 0; i < tensors.Count; i++) envelope.Tensors.Add(Announce(first + (uint)i, tensors[i]));
        Add(LinkItem.OfMessage(envelope, tensors, mayWait));
    }

    /// <summary>Begins a message whose tensors are still being computed: ranges of them leave as they are ready.</summary>
    /// <param name="announcement">As much of the message as is known: enough for the receiver to know where the tensors belong.</param>
    /// <param name="tensors">Their whole memory.</param>
    public PartialMessage Begin(Envelope announcement, IReadOnlyList<TensorBytes> tensors)
    {
        uint first = Reserve(tensors.Count);
        for (int i = 0; i < tensors.Count; i++) announcement.Tensors.Add(Announce(first + (uint)i, tensors[i]));
        Add(LinkItem.OfControl(new Delivery { Announcement = announcement }));
        return new PartialMessage(this, announcement.Tensors, tensors);
    }

    /// <summary>
    /// Asks the peer to read what lies in the segment where it lies. Once it has said yes, tensors in it are no longer sent: the receiver sees the
    /// very memory, which is one more reason to leave it unchanged.
    /// </summary>
    /// <returns>The answer; no, with its reason, where the peer is on another machine or wants chunks.</returns>
    /// <exception cref="RpcException">The link has failed or was closed.</exception>
    public Task<SharedAnswer> OfferAsync(SharedSegment segment)
    {
        var answer = new TaskCompletionSource<SharedAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        Add(LinkItem.OfControl(new Delivery { Offer = _lanes.Offer(segment, answer) }));
        // After the offer stands in the list: a failure meanwhile has told those of before.
        if (_queue.Error is { } error) answer.TrySetException(error);
        return answer.Task;
    }

    /// <summary>
    /// Asks the peer, once, to look into shared memory for messages that need no bytes of tensors. Until it has said yes, while nobody there looks, and
    /// where the ring is full, they go over the call: the order is that in which they were sent.
    /// </summary>
    /// <returns>The answer; null: there is no shared memory here.</returns>
    /// <exception cref="RpcException">The link has failed or was closed.</exception>
    public async Task<SharedAnswer?> OfferRingAsync()
    {
        if (SharedSegment.TryCreateRing() is not { } segment) return null;
        // Who has it mapped needs its name no more.
        using (segment)
        {
            var answer = new TaskCompletionSource<SharedAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_lock) _ring = (new RingWriter(segment), answer);
            Add(LinkItem.OfControl(new Delivery { Ring = SharedLanes.OfferOf(segment, number: 0) }));
            if (_queue.Error is { } error) answer.TrySetException(error);
            return await answer.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Whether the peer reads the tensor where it lies.</summary>
    public bool Shares(TensorBytes tensor) => _lanes.Find(tensor) is not null;

    /// <summary>The segment's owner gives it up: the peer may forget it. No thread may be sending anything that lies in it.</summary>
    public void Retract(SharedSegment segment)
    {
        if (_lanes.Retract(segment) is { } number) Add(LinkItem.OfControl(new Delivery { Retraction = new SharedRetraction { Segment = number } }));
    }

    /// <summary>Completes when all that was sent before is in the system's hands, so that its memory may change.</summary>
    public Task SentAsync() => MarkAsync(endsStream: false);

    /// <summary>Sends what is to be sent, tells the peer that no more comes and waits until it has taken everything.</summary>
    /// <exception cref="RpcException">It did not.</exception>
    public async Task CloseAsync(CancellationToken cancellation)
    {
        bool first = Interlocked.CompareExchange(ref _over, 1, 0) == 0;
        if (first) await MarkAsync(endsStream: true).WaitAsync(cancellation).ConfigureAwait(false);
        await _reading.WaitAsync(cancellation).ConfigureAwait(false);
        await DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Breaks off, without a word to anybody.</summary>
    public async ValueTask DisposeAsync()
    {
        Interlocked.Exchange(ref _over, 1);
        var closed = new RpcException(StatusCode.Cancelled, $"the link to {Peer} was closed");
        _queue.End(closed);
        _lanes.End(closed);
        EndRing(closed);
        _queue.Dispose();
        await _call.DisposeAsync().ConfigureAwait(false);
        _admitted.TrySetException(closed);
        // Who waits for nothing any more need not see the error.
        _ = _admitted.Task.Exception;
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    internal void Add(LinkItem item)
    {
        if (!_queue.TryAdd(item))
            Fail(new RpcException(StatusCode.ResourceExhausted, $"{LinkQueue.Capacity} messages wait to be sent: it does not take them"));
    }

    private async Task MarkAsync(bool endsStream)
    {
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Add(LinkItem.Mark(sent, endsStream));
        await sent.Task.ConfigureAwait(false);
    }

    private uint Reserve(int count)
    {
        lock (_lock)
        {
            uint first = _nextTensor;
            _nextTensor += (uint)count;
            return first;
        }
    }

    private Tensor Announce(uint number, TensorBytes tensor)
        => new() { Number = number, Bytes = (ulong)tensor.ByteCount, Encoding = tensor.Encoding, Place = _lanes.Find(tensor) };

    private async Task ReadAsync()
    {
        try
        {
            while (await _receipts.ReadAsync().ConfigureAwait(false) is { } receipt) OnReceipt(receipt);
            // OK is right only where this side has said that no more comes.
            if (Volatile.Read(ref _over) == 0) throw new RpcException(StatusCode.Unavailable, "it has ended the call");
        }
        catch (Exception e) when (e is RpcException or ObjectDisposedException)
        {
            RpcException end = e as RpcException ?? new RpcException(StatusCode.Cancelled, "the link was closed", e);
            bool closing = Volatile.Read(ref _over) != 0;
            Fail(end);
            if (closing) throw Named(Peer, end);
        }
    }

    private void OnReceipt(Receipt receipt)
    {
        if (receipt.KindCase == Receipt.KindOneofCase.Admission) _admitted.TrySetResult();
        else if (receipt.KindCase == Receipt.KindOneofCase.Answer) _lanes.OnAnswer(receipt.Answer);
        else if (receipt.KindCase == Receipt.KindOneofCase.Ring) OnRing(receipt.Ring);
        else if (receipt.KindCase == Receipt.KindOneofCase.Fence) _fenced?.Invoke(receipt.Fence);
    }

    private void OnRing(SharedAnswer answer)
    {
        lock (_lock)
        {
            if (_ring is not { } ring) return;
            if (answer.Accepted) _queue.Use(ring.Writer);
            ring.Answer.TrySetResult(answer);
        }
    }

    private void EndRing(RpcException cause)
    {
        lock (_lock) _ring?.Answer.TrySetException(cause);
    }

    private void Fail(RpcException cause)
    {
        RpcException named = Named(Peer, cause);
        _queue.End(named);
        _lanes.End(named);
        EndRing(named);
        bool first = Interlocked.CompareExchange(ref _over, 1, 0) == 0;
        // Who waits for the admission hears of it there.
        if (_admitted.TrySetException(named) || !first) return;
        _failed(named);
    }

    private static RpcException Named(string peer, RpcException cause) => new(cause.Status, $"{peer}: {cause.Detail}", cause);
}
