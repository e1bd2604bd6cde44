using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.ExceptionServices;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Http2;
using DistBp.Cluster.Wire.Members.Contract;
using DistBp.Cluster.Wire.Shared;
using DistBp.Cluster.Wire.Tensors;
using Google.Protobuf;

namespace DistBp.Cluster.Wire.Members;

/// <summary>
/// One peer's deliveries, as their bytes come: envelopes are parsed, chunks copied to where the host wants them and checked on the way. A message
/// is delivered when all its bytes are there. Where the peer shares memory with this process, envelopes come in a ring there too, in one order with
/// those of the call.
/// </summary>
/// <param name="peer">Its name.</param>
/// <param name="attendance">Who looks into a ring and for what comes by the call; null: there is none.</param>
/// <param name="wake">Has the call ask for answers, and whether it is to go on.</param>
internal sealed class DeliveryStream(string peer, IDeliveryHost host, DeliveryLimits limits, PeerSegments segments, Attendance? attendance, Action wake)
    : ILongCall, IAttended
{
    // How much is added to what is kept before it is looked at again: more than most envelopes are.
    private const int PieceBytes = 512;

    /// <summary>Held by whoever delivers: the call's reader or who looks into the ring.</summary>
    private readonly Lock _delivering = new();
    private readonly byte[] _head = new byte[ChunkHead.MaxBytes];
    private readonly OpenTensors _open = new(host, limits, segments);
    private readonly Queue<Receipt> _answers = new([new Receipt { Admission = new Admission { Node = peer } }]);
    private readonly List<IncomingTensor> _tensors = [];
    private TensorBytes[] _received = new TensorBytes[4];
    private Envelope? _envelope;
    private Generation? _fence;
    private int _missing;
    private IncomingTensor? _into;
    private ChunkHead _chunk;
    private int _done;
    private uint _checksum;
    private RingReader? _ring;
    private long _delivered;
    private Exception? _ringFailure;

    // A head or an envelope that is not whole yet.
    private byte[] _kept = new byte[PieceBytes];
    private int _keptCount;

    public Attendance? Attendance => attendance;

    /// <exception cref="RpcException">What came cannot be delivered; nothing of the message that it belongs to is.</exception>
    public void Take(ReadOnlySequence<byte> bytes)
    {
        lock (_delivering)
        {
            if (_ringFailure is not null) ExceptionDispatchInfo.Throw(_ringFailure);
            while (_keptCount > 0 && !bytes.IsEmpty)
            {
                int count = (int)Math.Min(bytes.Length, PieceBytes);
                Keep(bytes.Slice(0, count));
                bytes = bytes.Slice(count);
                ReadOnlySequence<byte> rest = TakeMessages(new ReadOnlySequence<byte>(_kept, 0, _keptCount));
                _keptCount = 0;
                Keep(rest);
            }
            if (!bytes.IsEmpty) Keep(TakeMessages(bytes));
        }
    }

    public IMessage? NextAnswer()
    {
        lock (_delivering)
        {
            if (_ringFailure is not null) ExceptionDispatchInfo.Throw(_ringFailure);
            return _answers.TryDequeue(out Receipt? answer) ? answer : null;
        }
    }

    public void Complete()
    {
        lock (_delivering)
        {
            TakeRing();
            if (_into is not null || _envelope is not null || _keptCount > 0) throw new RpcException(StatusCode.Internal, "the stream ended inside a message");
        }
    }

    public void Close(RpcException? why)
    {
        EndRing();
        host.Closed(peer, why);
    }

    /// <summary>What the peer says in shared memory; by a thread that waits for it. What is wrong with it ends the stream.</summary>
    public bool Look(bool waits)
    {
        if (_ring is not { IsEmpty: false }) return false;
        if (waits) _delivering.Enter();
        else if (!_delivering.TryEnter()) return false;
        bool found = false;
        try
        {
            found = TakeRing();
        }
        catch (Exception failure)
        {
            // Not this thread's affair: the stream's own reader tells of it.
            _ringFailure = failure;
        }
        finally
        {
            _delivering.Exit();
        }
        if (_ringFailure is not null || _answers.Count > 0) wake();
        return found;
    }

    public void Attend(bool looks) => _ring?.Attend(looks);

    private void Keep(in ReadOnlySequence<byte> bytes)
    {
        int count = _keptCount + (int)bytes.Length;
        if (_kept.Length < count) Array.Resize(ref _kept, Math.Max(count, 2 * _kept.Length));
        // They may lie in the same memory, further behind.
        bytes.CopyTo(_kept.AsSpan(_keptCount));
        _keptCount = count;
    }

    /// <returns>What must wait for more bytes.</returns>
    private ReadOnlySequence<byte> TakeMessages(ReadOnlySequence<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (_into is not null) buffer = TakePayload(buffer);
            else if (!TryTakeHead(ref buffer)) break;
        }
        return buffer;
    }

    private ReadOnlySequence<byte> TakePayload(ReadOnlySequence<byte> buffer)
    {
        int count = (int)Math.Min(buffer.Length, _chunk.PayloadBytes - _done);
        // A peer that has stood still may send the rest of a tensor whose place is another's by now.
        bool drops = _into!.Target.Discards || host.IsVoid(_into.Envelope!);
        foreach (ReadOnlyMemory<byte> memory in buffer.Slice(0, count))
        {
            ReadOnlySpan<byte> piece = memory.Span;
            if (!drops) piece.CopyTo(_into.Target.Range((long)_chunk.OffsetBytes + _done, piece.Length));
            _checksum = Checksum.Extend(_checksum, piece);
            _done += piece.Length;
        }
        if (_done == _chunk.PayloadBytes) EndChunk();
        return buffer.Slice(count);
    }

    private bool TryTakeHead(ref ReadOnlySequence<byte> buffer)
    {
        const int first = ChunkHead.PrefixBytes;
        ReadOnlySpan<byte> start = buffer.FirstSpan;
        if (start.Length < ChunkHead.MaxBytes)
        {
            int count = (int)Math.Min(buffer.Length, _head.Length);
            buffer.Slice(0, count).CopyTo(_head);
            start = _head.AsSpan(0, count);
        }
        // An empty message is an empty chunk.
        bool isEmpty = start.Length == first && BinaryPrimitives.ReadInt32BigEndian(start[1..]) == 0;
        if (start.Length <= first && !isEmpty) return false;
        if (!isEmpty && start[first] is >= DeliveryCodec.EnvelopeTag and <= (Delivery.NudgeFieldNumber << 3 | DeliveryCodec.WireTypeBytes))
            return TryTakeControl(start, ref buffer);
        if (!ChunkHead.TryRead(start, limits.MaxChunkBytes, out _chunk, out int consumed)) return false;
        BeginChunk();
        buffer = buffer.Slice(consumed);
        if (_chunk.PayloadBytes == 0) EndChunk();
        return true;
    }

    private bool TryTakeControl(ReadOnlySpan<byte> start, ref ReadOnlySequence<byte> buffer)
    {
        if (start[0] != 0) throw new RpcException(StatusCode.Internal, "a delivery is compressed");
        uint length = BinaryPrimitives.ReadUInt32BigEndian(start[1..]);
        if (length > (uint)limits.MaxEnvelopeBytes)
            throw new RpcException(StatusCode.ResourceExhausted, $"an envelope of {length} bytes is longer than the limit of {limits.MaxEnvelopeBytes}");
        if (buffer.Length < ChunkHead.PrefixBytes + length) return false;
        ReadOnlySequence<byte> bytes = buffer.Slice(ChunkHead.PrefixBytes, length);
        buffer = buffer.Slice(ChunkHead.PrefixBytes + length);
        // What was said in the ring before this is there.
        TakeRing();
        if (start[ChunkHead.PrefixBytes] == DeliveryCodec.EnvelopeTag) Begin(DeliveryCodec.ReadEnvelope(bytes));
        else TakeControl(DeliveryCodec.Parse(Delivery.Parser, bytes));
        return true;
    }

    private void TakeControl(Delivery delivery)
    {
        if (delivery.Announcement is { } announcement) Announce(announcement);
        else if (delivery.Abandonment is { } abandonment) Abandon(abandonment);
        else if (delivery.Offer is { } offer) _answers.Enqueue(new Receipt { Answer = segments.Answer(offer) });
        else if (delivery.Retraction is { } retraction) segments.Retract(retraction.Segment);
        else if (delivery.Ring is { } ring) BeginRing(ring);
    }

    private void BeginRing(SharedOffer offer)
    {
        if (_ring is not null) throw new RpcException(StatusCode.Internal, "a second ring of messages is offered");
        _ring = segments.AnswerRing(offer, attendance is not null, out SharedAnswer answer);
        _answers.Enqueue(new Receipt { Ring = answer });
        if (_ring is not null) attendance!.Add(this);
    }

    private void EndRing()
    {
        if (_ring is null) return;
        attendance!.Remove(this);
        // Who is at it ends before the host hears that the stream has ended.
        lock (_delivering) _ring = null;
    }

    /// <returns>False: nothing was there, or nothing whose turn it is.</returns>
    private bool TakeRing()
    {
        bool found = false;
        while (_ring is not null && _ring.TryRead(_delivered, out ReadOnlyMemory<byte> bytes))
        {
            found = true;
            DeliverShared(DeliveryCodec.Parse(Envelope.Parser, new ReadOnlySequence<byte>(bytes)));
        }
        return found;
    }

    private void DeliverShared(Envelope envelope)
    {
        int count = envelope.Tensors.Count;
        if (_received.Length < count) _received = new TensorBytes[count];
        for (int i = 0; i < count; i++)
        {
            Tensor info = envelope.Tensors[i];
            if (info.Place is null && info.Bytes > 0) throw new RpcException(StatusCode.Internal, $"tensor {i} of {envelope.BodyCase} came in the ring without its place");
            _received[i] = info.Place is null ? new TensorBytes(ReadOnlyMemory<byte>.Empty, info.Encoding) : segments.At(info).Received;
        }
        TellOfFence(envelope);
        host.Deliver(envelope, _received.AsSpan(0, count));
        _received.AsSpan(0, count).Clear();
    }

    private void Begin(Envelope envelope)
    {
        if (_envelope is not null)
            throw new RpcException(StatusCode.Internal, $"{envelope.BodyCase} comes while {_missing} tensors of {_envelope.BodyCase} are incomplete");
        _envelope = envelope;
        _missing = 0;
        for (int i = 0; i < envelope.Tensors.Count; i++)
        {
            Tensor info = envelope.Tensors[i];
            IncomingTensor tensor = _open.Find(info.Number) ?? _open.Open(envelope, i);
            if (tensor.ByteCount != (long)info.Bytes || _tensors.Contains(tensor))
                throw new RpcException(StatusCode.Internal, $"the tensor {info.Number} of {envelope.BodyCase} is not as it was announced");
            _tensors.Add(tensor);
            if (!tensor.IsComplete) _missing++;
        }
        if (_missing == 0) Deliver();
    }

    private void Announce(Envelope announcement)
    {
        for (int i = 0; i < announcement.Tensors.Count; i++) _open.Open(announcement, i);
    }

    private void Abandon(Abandonment abandonment)
    {
        foreach (uint number in abandonment.Tensors)
        {
            IncomingTensor tensor = Known(number);
            if (_tensors.Contains(tensor)) throw new RpcException(StatusCode.Internal, $"the tensor {number} is abandoned after its envelope");
            _open.Close(tensor);
        }
    }

    private void BeginChunk()
    {
        _into = Known(_chunk.Tensor);
        if (_chunk.OffsetBytes > (ulong)_into.ByteCount || (ulong)_into.ByteCount - _chunk.OffsetBytes < (ulong)_chunk.PayloadBytes)
        {
            throw new RpcException(
                StatusCode.OutOfRange,
                $"tensor {_chunk.Tensor}: a chunk of {_chunk.PayloadBytes} bytes at {_chunk.OffsetBytes} is outside its {_into.ByteCount} bytes");
        }
        if (!_into.Ranges.TryAdd((long)_chunk.OffsetBytes, _chunk.PayloadBytes))
            throw new RpcException(StatusCode.OutOfRange, $"tensor {_chunk.Tensor}: bytes from {_chunk.OffsetBytes} come twice, or with too many gaps");
        (_done, _checksum) = (0, Checksum.Begin);
    }

    private void EndChunk()
    {
        ChunkChecks.Checksum(_chunk, Checksum.End(_checksum));
        IncomingTensor tensor = _into!;
        _into = null;
        // An announced tensor waits for its envelope.
        if (_chunk.PayloadBytes > 0 && tensor.IsComplete && _tensors.Contains(tensor) && --_missing == 0) Deliver();
    }

    private void Deliver()
    {
        bool discarded = false;
        TakeRing();
        if (_received.Length < _tensors.Count) _received = new TensorBytes[_tensors.Count];
        for (int i = 0; i < _tensors.Count; i++)
        {
            discarded |= _tensors[i].Target.Discards;
            _received[i] = _tensors[i].Received;
            _open.Close(_tensors[i]);
        }
        (Envelope envelope, int count) = (_envelope!, _tensors.Count);
        _envelope = null;
        _tensors.Clear();
        TellOfFence(envelope);
        if (!discarded) host.Deliver(envelope, _received.AsSpan(0, count));
        _received.AsSpan(0, count).Clear();
        _delivered++;
        TakeRing();
    }

    /// <summary>Once of each generation: a sender that has not heard of it goes on for a while.</summary>
    private void TellOfFence(Envelope envelope)
    {
        if (host.FencedBy(envelope) is not { } newest || newest.Equals(_fence)) return;
        _fence = newest;
        _answers.Enqueue(new Receipt { Fence = new Fence { Job = envelope.Job, Sent = envelope.Generation, Newest = newest } });
    }

    private IncomingTensor Known(uint number)
        => _open.Find(number) ?? throw new RpcException(StatusCode.NotFound, $"the tensor {number} was not announced, or is complete");
}
