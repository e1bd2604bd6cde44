using System.Collections.Concurrent;
using DistBp.Protocol.Membership;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Nodes.Lanes;

/// <summary>
/// A node's ends of lanes: of the coordinator that it keeps to, and of its members where it is the coordinator itself. There are none where membership is a call of
/// gRPC: then everything goes over gRPC.
/// </summary>
internal sealed class ControlLanes
{
    private readonly ConcurrentDictionary<MemberId, ControlLane> _toMembers = [];
    private (long Term, ControlLane Lane)? _toCoordinator;
    private readonly Lock _lock = new();

    /// <summary>What calls over them are answered by.</summary>
    public CallTable Calls { get; } = new();

    /// <summary>Takes the messages that come over them.</summary>
    public Action<Contract.Envelope> Deliver { get; set; } = _ => { };

    /// <param name="term">Of the coordinator that is meant; null: whichever there is.</param>
    public ControlLane? ToCoordinator(long? term = null)
    {
        lock (_lock) return _toCoordinator is { } known && (term is null || known.Term == term) ? known.Lane : null;
    }

    public ControlLane? ToMember(MemberId member) => _toMembers.GetValueOrDefault(member);

    public void Add(long term, ControlLane toCoordinator)
    {
        lock (_lock) _toCoordinator = (term, toCoordinator);
    }

    public void Add(MemberId member, ControlLane lane) => _toMembers[member] = lane;

    public void Remove(ControlLane toCoordinator)
    {
        lock (_lock)
        {
            if (_toCoordinator?.Lane == toCoordinator) _toCoordinator = null;
        }
    }

    public void Remove(MemberId member, ControlLane lane) => _toMembers.TryRemove(KeyValuePair.Create(member, lane));
}
