using DistBp.Protocol.Effects;

namespace DistBp.Cluster.Actors;

/// <summary>All actors of a run, wherever they are: in this process, or on the nodes of a cluster.</summary>
internal interface IRunCluster : IAsyncDisposable
{
    /// <summary>Bytes that a node has sent and received so far, the mean over the nodes; 0 within a process.</summary>
    (double Sent, double Received) BytesANode { get; }

    /// <summary>Runs the plan to its end. A cancellation of <paramref name="stop"/> finishes the step, saves, and ends.</summary>
    Task<RunOutcome> RunAsync(CancellationToken stop);
}
