using DistBp.Cluster.Nodes.Members;
using DistBp.Protocol;

namespace DistBp.Cluster.Hosting;

/// <summary>A node in a job, as the coordinator's side sees it.</summary>
/// <param name="workers">Numbers of its workers.</param>
/// <param name="servers">Numbers of its servers.</param>
/// <param name="isFirst">It was there when the job began: the others wait for it.</param>
internal sealed class JobNode(ClusterMember member, IReadOnlyList<int> workers, IReadOnlyList<int> servers, bool isFirst)
{
    public ClusterMember Member => member;

    public bool IsFirst => isFirst;

    /// <summary>It took part under an earlier coordinator, and holds its part still.</summary>
    public bool IsBack { get; init; }

    public IReadOnlyList<int> Workers => workers;

    public IReadOnlyList<int> Servers => servers;

    public JobNodeState State { get; set; } = JobNodeState.Enlisting;

    public PeerNode Peer { get; } = new(member.Name, member.Incarnation, member.Endpoint);

    public IEnumerable<Address> Addresses => [.. workers.Select(Address.Worker), .. servers.Select(Address.Server)];

    public IEnumerable<MemberPlace> Places => Addresses.Select(a => new MemberPlace(a, Peer));
}

internal enum JobNodeState
{
    /// <summary>It reads the job and its data.</summary>
    Enlisting,

    /// <summary>All others are told where it is.</summary>
    Introducing,
    Active,

    /// <summary>It hands over what it has.</summary>
    Leaving,
}
