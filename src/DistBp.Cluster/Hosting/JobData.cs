using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Wire.Data;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;

namespace DistBp.Cluster.Hosting;

/// <summary>The data files of jobs: a node reads its own, and gets what it lacks from the coordinator's node.</summary>
internal sealed class JobData(NodeContext node) : IDisposable
{
    /// <summary>Hashing large files takes its time; a chunk does not.</summary>
    private static readonly TimeSpan MaxDescribing = TimeSpan.FromMinutes(5), MaxSilence = TimeSpan.FromSeconds(10);

    /// <summary>Of fetched files; what no job uses goes first.</summary>
    private const long CacheBytes = 64L << 30;

    private readonly SharedFiles _shared = new();
    private readonly DataCache _cache = new(Path.Combine(node.Configuration.Storage.State, "data"), CacheBytes);

    public void AddTo(GrpcServices services) => new DataService(_shared).AddTo(services);

    /// <summary>Members of the job may read its files here, until it is withdrawn.</summary>
    public void Share(long job, JobDescription description) => _shared.Share(job, JobFiles.Of(description));

    public void Withdraw(long job) => _shared.Withdraw(job);

    /// <summary>The job with the paths of its files on this node: own ones, with the coordinator's content, or fetched ones.</summary>
    /// <exception cref="UserException">A file differs from the coordinator's, or is missing and not to be had.</exception>
    public async Task<ResolvedJob> ResolveAsync(long job, JobDescription description, CancellationToken cancellation)
    {
        NodeAddress coordinator = await node.FindCoordinatorAsync(cancellation).ConfigureAwait(false);
        using var channel = new GrpcChannel(coordinator.Uri, node.Limits);
        var peer = new DataPeer($"the coordinator at {coordinator}", channel, job, node.Credentials.Metadata, MaxSilence);
        IReadOnlyList<NamedFile> files = await peer.DescribeAsync(MaxDescribing, cancellation).ConfigureAwait(false);
        return await JobResolution.RunAsync(description, new DataOrigin(peer.Name, files, node.Name, [peer]), _cache, shards: null, cancellation).ConfigureAwait(false);
    }

    public void Dispose() => _cache.Dispose();
}
