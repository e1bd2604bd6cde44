using Akka.Actor;
using Akka.Cluster;

namespace DistBp.Akka;

/// <summary>
/// The nodes that keep the coordinator's state, as the cluster is now: those that may become the coordinator. What all of them that are reachable have, and the
/// majority of them, is known to whoever reigns next, for the split-brain resolver leaves one side of a partition, and that asks all who are there.
/// </summary>
internal readonly record struct Keepers(IReadOnlyCollection<UniqueAddress> Up, IReadOnlyCollection<UniqueAddress> Unreachable)
{
    public static Keepers Of(ClusterEvent.CurrentClusterState state) => new(
        [.. state.Members.Where(m => m.Status == MemberStatus.Up && m.HasRole(AkkaSystem.CoordinatorRole)).Select(m => m.UniqueAddress)],
        [.. state.Unreachable.Select(m => m.UniqueAddress)]);

    /// <summary>Those who have answered are enough.</summary>
    public bool AreMet(IReadOnlySet<UniqueAddress> answered)
    {
        IReadOnlyCollection<UniqueAddress> unreachable = Unreachable;
        return Up.Count > 0 && Up.All(k => answered.Contains(k) || unreachable.Contains(k)) && 2 * Up.Count(answered.Contains) > Up.Count;
    }

    /// <summary>Null for one that is no keeper now.</summary>
    public UniqueAddress? Find(Address address) => Up.FirstOrDefault(k => k.Address.Equals(address));
}
