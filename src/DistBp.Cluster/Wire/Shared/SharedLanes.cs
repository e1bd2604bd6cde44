using DistBp.Cluster.Wire.Members;
using DistBp.Cluster.Wire.Members.Contract;
using Google.Protobuf;

namespace DistBp.Cluster.Wire.Shared;

/// <summary>The segments of this process that one peer reads: offered to it, and answered with yes.</summary>
internal sealed class SharedLanes
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, (SharedSegment Segment, TaskCompletionSource<SharedAnswer> Answer)> _offered = [];
    private (uint Number, SharedSegment Segment)[] _accepted = [];
    private uint _next;

    /// <param name="answer">Completes when the peer has answered.</param>
    public SharedOffer Offer(SharedSegment segment, TaskCompletionSource<SharedAnswer> answer)
    {
        lock (_lock)
        {
            uint number = _next++;
            _offered.Add(number, (segment, answer));
            return OfferOf(segment, number);
        }
    }

    public static SharedOffer OfferOf(SharedSegment segment, uint number) => new()
    {
        Segment = number, Boot = SegmentFile.BootId, File = segment.Name, Nonce = ByteString.CopyFrom(segment.Nonce.Span), Bytes = (ulong)segment.ByteCount,
    };

    public void OnAnswer(SharedAnswer answer)
    {
        lock (_lock)
        {
            if (!_offered.Remove(answer.Segment, out (SharedSegment Segment, TaskCompletionSource<SharedAnswer> Answer) offered)) return;
            if (answer.Accepted) _accepted = [.. _accepted, (answer.Segment, offered.Segment)];
            offered.Answer.TrySetResult(answer);
        }
    }

    /// <summary>No answer comes any more.</summary>
    public void End(Exception cause)
    {
        lock (_lock)
        {
            foreach ((_, TaskCompletionSource<SharedAnswer> answer) in _offered.Values) answer.TrySetException(cause);
            _offered.Clear();
            _accepted = [];
        }
    }

    /// <returns>Its number at the peer; null: the peer does not read it.</returns>
    public uint? Retract(SharedSegment segment)
    {
        lock (_lock)
        {
            int at = Array.FindIndex(_accepted, a => a.Segment == segment);
            if (at < 0) return null;
            uint number = _accepted[at].Number;
            _accepted = [.. _accepted.Where(a => a.Segment != segment)];
            return number;
        }
    }

    /// <summary>Where the peer can read the tensor; null: nowhere, it must be sent.</summary>
    public TensorPlace? Find(TensorBytes tensor)
    {
        foreach ((uint number, SharedSegment segment) in Volatile.Read(ref _accepted))
        {
            if (segment.TryLocate(tensor, out long offset)) return new TensorPlace { Segment = number, Offset = (ulong)offset };
        }
        return null;
    }
}
