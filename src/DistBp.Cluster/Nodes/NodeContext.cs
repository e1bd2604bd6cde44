using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes.Lanes;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes;

/// <summary>What the parts of a node know of it.</summary>
/// <param name="Rendezvous">The node's, which disposes of it.</param>
/// <param name="Tell">Shows a line to whoever runs the node; from any thread.</param>
/// <param name="Warn">Shows one that should not have happened.</param>
internal sealed record NodeContext(
    ClusterConfiguration Configuration, IRendezvous Rendezvous, CallCredentials Credentials, Action<string> Tell, Action<string> Warn)
{
    private NodeAddress? _endpoint;

    public string Name => Configuration.Node.Name;

    public int Workers => Configuration.Node.Workers > 0 ? Configuration.Node.Workers : Environment.ProcessorCount;

    public GrpcLimits Limits => GrpcLimits.Default with { MaxMessageBytes = (int)Configuration.Wire.MaxMessageBytes };

    /// <summary>Where the rendezvous brings some.</summary>
    public ControlLanes Lanes { get; } = new();

    /// <summary>Where other nodes call this one; known once it listens.</summary>
    public NodeAddress Endpoint
    {
        get => _endpoint ?? throw new InvalidOperationException("The node does not listen yet.");
        internal set => _endpoint = value;
    }

    /// <summary>False also before this node listens.</summary>
    public bool IsAt(NodeAddress address) => _endpoint == address;

    /// <summary>See <see cref="IRendezvous.FindAsync"/>; the one coordinator there is knows where it is, whatever port it was given.</summary>
    public Task<NodeAddress> FindCoordinatorAsync(CancellationToken cancellation) =>
        !Rendezvous.Elects && Configuration.Node.Roles.HasFlag(NodeRoles.Coordinator) ? Task.FromResult(Endpoint) : Rendezvous.FindAsync(cancellation);
}
