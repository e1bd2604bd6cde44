using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Wire.Status;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes.Clients;

/// <summary>How a cluster is.</summary>
/// <param name="Jobs">The running one, those that wait in their order, and the last ones that ended.</param>
public sealed record ClusterReport(
    string Cluster, string Version, string Coordinator, string Address, IReadOnlyList<MemberReport> Members, IReadOnlyList<JobReport> Jobs)
{
    internal static ClusterReport Of(ClusterStatus s) => new(
        s.Cluster, s.Version, s.Coordinator, s.Address, [.. s.Members.Select(MemberReport.Of)], [.. s.Jobs.Select(JobReport.Of)]);
}

/// <param name="State">"active", "leaving" or "released".</param>
/// <param name="SinceHeard">Since the last sign of life.</param>
/// <param name="StepTime">Of its last step; null where it has taken none.</param>
/// <param name="Slow">Why it counts as slow; "": it does not.</param>
public sealed record MemberReport(
    string Name, NodeRoles Roles, string Address, int Workers, string State, TimeSpan SinceJoin, TimeSpan SinceHeard, TimeSpan? StepTime, string Slow)
{
    public string RolesText => NodeRolesText.Of(Roles);

    internal static MemberReport Of(MemberStatus m) => new(
        m.Name, RoleCodes.Read(m.Roles), m.Address, (int)m.Workers, m.State, TimeSpan.FromSeconds(m.SecondsSinceJoin),
        TimeSpan.FromSeconds(m.SecondsSinceHeard), m.HasStepSeconds ? TimeSpan.FromSeconds(m.StepSeconds) : null, m.Slow);
}

/// <param name="State">"waiting", "running", "completed", "stopped-early", "interrupted", "cancelled" or "failed".</param>
/// <param name="Loss">Of the last step; null before the first.</param>
/// <param name="Folder">On the coordinator's node; "" before it begins.</param>
/// <param name="Error">Why it failed; "": it has not.</param>
public sealed record JobReport(
    string Id, string Name, string State, long Step, long TotalSteps, int Epoch, int Epochs, double? Loss, string Folder, string Error)
{
    internal static JobReport Of(JobStatus j) => new(
        j.Id, j.Name, j.State, (long)j.Step, (long)j.TotalSteps, (int)j.Epoch, (int)j.Epochs, j.HasLoss ? j.Loss : null, j.Folder, j.Error);
}
