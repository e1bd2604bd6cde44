using DistBp.Cluster.Nodes.Clients;
using DistBp.Learning;

namespace DistBp.Chaos.Processes;

/// <summary>Asks the coordinator how things are, also while there is none.</summary>
internal sealed class ClusterWatch(ChaosCluster cluster) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);
    private readonly ClusterClient _client = cluster.Client();

    public ClusterClient Client => _client;

    public void Dispose() => _client.Dispose();

    /// <returns>The first report that the condition holds of.</returns>
    /// <exception cref="ChaosException">It did not come in time.</exception>
    public async Task<ClusterReport> UntilAsync(Func<ClusterReport, bool> condition, string what, TimeSpan patience, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience);
        try
        {
            while (true)
            {
                if (await AskAsync(limit.Token) is { } report && condition(report)) return report;
                await Task.Delay(Interval, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ChaosException($"waited {patience.TotalSeconds:F0} s for {what}, in vain");
        }
    }

    private async Task<ClusterReport?> AskAsync(CancellationToken cancellation)
    {
        try
        {
            return await _client.StatusAsync(cancellation);
        }
        catch (UserException) when (!cancellation.IsCancellationRequested)
        {
            // There is no coordinator now.
            return null;
        }
        catch (UserException)
        {
            throw new OperationCanceledException(cancellation);
        }
    }
}
