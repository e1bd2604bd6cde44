using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members;
using DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Wire.Shared;

/// <summary>The segments that one peer's stream has offered and that can be read here.</summary>
/// <param name="allowed">wire.shared-memory.</param>
internal sealed class PeerSegments(bool allowed)
{
    public const int Capacity = 64;

    private readonly Dictionary<uint, PeerSegment> _segments = [];

    /// <summary>Looks whether the memory is really shared. A no does no harm: the tensors come in chunks then.</summary>
    public SharedAnswer Answer(SharedOffer offer)
    {
        string reason = "wire.shared-memory is off";
        PeerSegment? segment = null;
        if (allowed && _segments.Count == Capacity) reason = $"{Capacity} segments are in use";
        else if (allowed && _segments.ContainsKey(offer.Segment)) reason = "the number is in use";
        else if (allowed) segment = PeerSegment.TryOpen(offer, out reason);
        if (segment is not null) _segments.Add(offer.Segment, segment);
        return new SharedAnswer { Segment = offer.Segment, Accepted = segment is not null, Reason = reason };
    }

    /// <summary>Whether the ring is really shared, and somebody here would look into it.</summary>
    /// <returns>Null: no, for the answer's reason.</returns>
    public RingReader? AnswerRing(SharedOffer offer, bool isAttended, out SharedAnswer answer)
    {
        string reason = !allowed ? "wire.shared-memory is off" : "nobody here would look into it";
        PeerSegment? segment = allowed && isAttended ? PeerSegment.TryOpen(offer, out reason, isRing: true) : null;
        answer = new SharedAnswer { Segment = offer.Segment, Accepted = segment is not null, Reason = reason };
        return segment is null ? null : new RingReader(segment);
    }

    public void Retract(uint segment) => _segments.Remove(segment);

    /// <exception cref="RpcException">OUT_OF_RANGE: there is no such place.</exception>
    public TensorTarget At(Tensor tensor)
    {
        TensorPlace place = tensor.Place;
        return _segments.GetValueOrDefault(place.Segment)?.At(place.Offset, tensor.Bytes, tensor.Encoding) ?? throw new RpcException(
            StatusCode.OutOfRange,
            $"tensor {tensor.Number}: there are no {tensor.Bytes} bytes at {place.Offset} of the shared segment {place.Segment}");
    }
}
