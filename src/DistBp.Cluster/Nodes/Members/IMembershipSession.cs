using DistBp.Cluster.Wire.Grpc;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes.Members;

/// <summary>One membership, from the member's side: from its introduction to one coordinator until either is gone.</summary>
internal interface IMembershipSession : IDisposable
{
    bool WasAdmitted { get; }

    /// <param name="self">The node's incarnation, and the term that it was admitted in; 0: none.</param>
    /// <param name="jobs">What it holds since.</param>
    /// <param name="newestTerm">That this node has seen.</param>
    /// <returns>The coordinator's name and term.</returns>
    /// <exception cref="RpcException">The coordinator refuses, or is out of reach, or is none any more.</exception>
    Task<(string Coordinator, long Term)> JoinAsync(NodeAdmission self, IReadOnlyList<JobPart> jobs, long newestTerm);

    /// <param name="leave">Asks to be released, waits for it within a bound, and ends.</param>
    /// <returns>True: the node has left; false: the coordinator ended the membership.</returns>
    /// <exception cref="RpcException">The coordinator is gone, or says that this node was lost.</exception>
    Task<bool> StayAsync(CancellationToken leave);
}
