using System.Collections.Concurrent;
using DistBp.Cluster.Nodes.Lanes;
using DistBp.Cluster.Wire.Members;
using DistBp.Protocol;

namespace DistBp.Cluster.Hosting;

/// <summary>The link to a node, and what of each shard has gone to it: a version goes once to a node, however many workers it has.</summary>
/// <param name="lane">See <see cref="ClusterTransport.LaneTo"/>.</param>
internal sealed class PeerRoute(PeerNode node, NodeLink link, IReadOnlyList<Address> members, ControlLane? lane)
{
    private readonly ConcurrentDictionary<int, (Generation Generation, long Version)> _sent = [];

    public PeerNode Node => node;

    public NodeLink Link => link;

    /// <summary>For messages without tensors; null: they go over the link.</summary>
    public ControlLane? Lane => lane;

    /// <summary>Of the job, on that node.</summary>
    public IReadOnlyList<Address> Members { get; } = members;

    /// <summary>True the first time that it is asked for this version of the server's shard.</summary>
    /// <param name="hasBefore">The node has got the version before, in the same generation.</param>
    public bool IsNews(int server, Generation generation, long version, out bool hasBefore)
    {
        hasBefore = false;
        // A server announces from one thread at a time.
        if (_sent.TryGetValue(server, out (Generation Generation, long Version) last) && last == (generation, version)) return false;
        hasBefore = last == (generation, version - 1);
        _sent[server] = (generation, version);
        return true;
    }
}
