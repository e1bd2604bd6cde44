using DistBp.Cluster.Wire.Lanes;
using Google.Protobuf;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Nodes.Lanes;

/// <summary>Says words over a lane, in order: in numbered pieces that are small enough for any carrier. From any thread.</summary>
internal sealed class LaneSpeaker : IDisposable
{
    /// <summary>Below the smallest frame of any carrier.</summary>
    public const int MaxPieceBytes = 64 << 10;

    /// <summary>Reports of steps, which nobody waits for, are told together: so they cost a training no more than a few messages a second.</summary>
    private static readonly TimeSpan MaxGathering = TimeSpan.FromMilliseconds(50);

    private readonly Action<LanePiece> _carry;
    private readonly ITimer _gathering;
    private readonly Lock _lock = new();
    private LaneWords _gathered = new();
    private int _gatheredBytes;
    private ulong _sent;
    private bool _isOver;

    /// <param name="carry">To the other end; it does not wait.</param>
    public LaneSpeaker(Action<LanePiece> carry)
    {
        _carry = carry;
        _gathering = TimeProvider.System.CreateTimer(_ => SayGathered(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Pieces so far.</summary>
    public ulong Sent
    {
        get
        {
            lock (_lock) return _sent;
        }
    }

    /// <summary>After all that was said before, what is still being gathered too.</summary>
    /// <param name="bytes">The word's.</param>
    public void Say(LaneWord word, int bytes)
    {
        lock (_lock)
        {
            if (_isOver) return;
            bool first = _gathered.Words.Count == 0;
            _gathered.Words.Add(word);
            _gatheredBytes += bytes;
            if (!IsReport(word) || _gatheredBytes >= MaxPieceBytes) CarryGathered();
            else if (first) _gathering.Change(MaxGathering, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Nothing is said any more.</summary>
    public void Dispose()
    {
        lock (_lock) _isOver = true;
        _gathering.Dispose();
    }

    private static bool IsReport(LaneWord word) => word.Envelope?.BodyCase
        is Contract.Envelope.BodyOneofCase.StepCommitted or Contract.Envelope.BodyOneofCase.StepSkipped or Contract.Envelope.BodyOneofCase.ShardMeasured;

    private void SayGathered()
    {
        lock (_lock)
        {
            if (_gathered.Words.Count > 0 && !_isOver) CarryGathered();
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
}
