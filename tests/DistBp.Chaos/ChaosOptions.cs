using DistBp.Chaos.Faults;
using DistBp.Chaos.Processes;
using DistBp.Tests.Shared;

namespace DistBp.Chaos;

/// <param name="Length">How long the run would take undisturbed: its epochs are chosen so.</param>
/// <param name="Job">Null: the embedded digits.</param>
/// <param name="Kinds">What may happen; null: all that this machine and this distbp allow.</param>
/// <param name="KillsCoordinator">Also where distbp keeps no state that it could go on from.</param>
/// <param name="Etcd">Two coordinators, of which an etcd of three members elects one.</param>
/// <param name="Pace">What each gradient takes longer.</param>
/// <param name="Folder">Is kept; null: a temporary one, kept only when something was wrong.</param>
internal sealed record ChaosOptions(
    int Seed, TimeSpan Length, int Faults, int Nodes, string? Job, IReadOnlyList<FaultKind>? Kinds, bool KillsCoordinator, bool Etcd, TimeSpan Pace, string? Folder)
{
    private const int MaxFaults = 1000, MaxNodes = 32;

    /// <exception cref="ArgumentException">Options that cannot be.</exception>
    public ChaosOptions Checked()
    {
        if (Length < TimeSpan.FromSeconds(10) || Length > TimeSpan.FromHours(24)) throw new ArgumentException("--minutes: 0.17 to 1440");
        if (Faults is < 0 or > MaxFaults) throw new ArgumentException($"--faults: 0 to {MaxFaults}");
        if (Nodes is < 2 or > MaxNodes) throw new ArgumentException($"--nodes: 2 to {MaxNodes}, for a shard has a copy on another node");
        if (Pace < TimeSpan.Zero || Pace > TimeSpan.FromMinutes(1)) throw new ArgumentException("--pace: 0 to 60000");
        if (Etcd && !EtcdMembers.IsInstalled) throw new ArgumentException("--etcd: etcd is missing: apt install etcd-server");
        return this;
    }
}
