namespace DistBp.Cluster.Nodes.Members;

/// <summary>The members as a running job sees them, on the coordinator's node.</summary>
internal interface IClusterMembers
{
    /// <summary>Those that may be given work: active ones, in the order of their names. This node is among them where it is worker or server.</summary>
    IReadOnlyList<ClusterMember> Members { get; }

    /// <summary>
    /// Tells of each member that is there, as joined, and from then on of each change, in order and one at a time. The listener takes note and
    /// returns; it may call <see cref="Release"/>. While anyone listens, a leaving member waits for <see cref="Release"/>; otherwise, and when
    /// the last one stops listening, it is released at once.
    /// </summary>
    /// <returns>Disposed of, it tells nothing more.</returns>
    IDisposable Subscribe(Action<MemberChange> listener);

    /// <summary>A leaving member has nothing left that anyone needs, and may go. For others, and a second time, it does nothing.</summary>
    void Release(ClusterMember member);

    /// <summary>
    /// The member cannot be worked with as it is: it is lost, and its node, which hears why, joins anew, as another incarnation. This process itself stays.
    /// </summary>
    void Expel(ClusterMember member, string why);

    /// <summary>How long the member's last step took, for the status page.</summary>
    void ReportStepTime(ClusterMember member, TimeSpan time);
}
