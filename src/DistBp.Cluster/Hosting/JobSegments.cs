using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members;
using DistBp.Cluster.Wire.Members.Contract;
using DistBp.Cluster.Wire.Shared;
using DistBp.Learning;
using Address = DistBp.Protocol.Address;

namespace DistBp.Cluster.Hosting;

/// <summary>
/// The tensors of a job on this node that peers on the same machine read where they lie. A peer that cannot, or has not said yet that it can,
/// gets them over the link.
/// </summary>
/// <param name="isOn">False: nothing is shared.</param>
/// <param name="tell">Shows which way a peer takes.</param>
internal sealed class JobSegments(bool isOn, Action<string> tell) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Address, SharedSegment> _segments = [];
    private readonly List<NodeLink> _links = [];
    private readonly HashSet<string> _told = [];

    /// <summary>As a <see cref="Actors.TensorAllocator"/>: shared where the machine has the room, else this process's own.</summary>
    public TensorBuffer[] Allocate(Address owner, IReadOnlyList<int> lengths)
    {
        SharedSegment? segment = isOn && lengths.Count > 0 ? SharedSegment.TryCreate(SharedSegment.BytesFor(lengths)) : null;
        lock (_lock)
        {
            if (_segments.Remove(owner, out SharedSegment? before)) Withdraw(before);
            if (segment is null) return [.. lengths.Select(l => new TensorBuffer(l))];
            _segments[owner] = segment;
            foreach (NodeLink link in _links) _ = OfferAsync(link, segment);
        }
        return [.. lengths.Select(segment.Allocate)];
    }

    public void Add(NodeLink link)
    {
        lock (_lock)
        {
            _links.Add(link);
            if (isOn) _ = OfferRingAsync(link);
            foreach (SharedSegment segment in _segments.Values) _ = OfferAsync(link, segment);
        }
    }

    public void Remove(NodeLink link)
    {
        lock (_lock) _links.Remove(link);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (SharedSegment segment in _segments.Values) segment.Dispose();
            _segments.Clear();
        }
    }

    private void Withdraw(SharedSegment segment)
    {
        foreach (NodeLink link in _links) link.Retract(segment);
        segment.Dispose();
    }

    private static async Task OfferRingAsync(NodeLink link)
    {
        try
        {
            await link.OfferRingAsync().ConfigureAwait(false);
        }
        catch (RpcException)
        {
            // The link has failed: its owner is told of it.
        }
    }

    private async Task OfferAsync(NodeLink link, SharedSegment segment)
    {
        try
        {
            SharedAnswer answer = await link.OfferAsync(segment).ConfigureAwait(false);
            bool isNews;
            lock (_lock) isNews = _told.Add(link.Peer);
            if (isNews) tell($"tensors for {link.Peer} go {(answer.Accepted ? "through shared memory" : $"over the link: {answer.Reason}")}");
        }
        catch (RpcException)
        {
            // The link has failed: its owner is told of it.
        }
    }
}
