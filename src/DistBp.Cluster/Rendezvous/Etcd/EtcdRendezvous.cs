using DistBp.Cluster.Configuration;
using DistBp.Learning;

namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>The coordinator is one of several candidates, elected by etcd, which keeps its state too.</summary>
internal sealed class EtcdRendezvous : IRendezvous
{
    private readonly EtcdClient _etcd;
    private readonly ElectionOptions _options;
    private readonly LeaderDirectory _directory;
    private readonly LeaderElection _election;
    private readonly string _cluster;
    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly Action<string> _tell;

    /// <param name="tell">Shows a line: whom a candidate waits for, and that etcd is out of reach.</param>
    public EtcdRendezvous(ClusterConfiguration c, TimeProvider time, Action<string> tell)
    {
        (_cluster, _name, _time, _tell) = (c.Cluster.Name, c.Node.Name, time, tell);
        _options = ElectionOptions.Of(c);
        _etcd = new EtcdClient(c.Rendezvous.Etcd.Endpoints, EtcdLimits.Default, time);
        _directory = new LeaderDirectory(_etcd, _options, time, tell);
        _election = new LeaderElection(_etcd, _options, time, tell);
    }

    public bool Elects => true;

    public async Task<NodeAddress> FindAsync(CancellationToken cancellation) => (await _directory.FindAsync(cancellation).ConfigureAwait(false)).Address;

    public async Task<ICoordinatorStore> ReignAsync(NodeAddress self, CancellationToken cancellation)
    {
        var candidate = new Candidate { Name = _name, Address = self.ToString() };
        while (true)
        {
            Leadership leadership = await _election.CampaignAsync(candidate, cancellation).ConfigureAwait(false);
            try
            {
                return await EtcdStore.BeginAsync(_etcd, _options.Keys, leadership, _cluster, _time, _tell).ConfigureAwait(false);
            }
            catch (ReignEndedException over)
            {
                _tell($"{over.Message}; coming forward again");
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _etcd.Dispose();
        return ValueTask.CompletedTask;
    }
}
