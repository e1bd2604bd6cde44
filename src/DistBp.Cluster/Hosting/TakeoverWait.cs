using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Nodes.Jobs;
using DistBp.Cluster.Nodes.Members;

namespace DistBp.Cluster.Hosting;

/// <summary>
/// Waits for the nodes that took part in a run under an earlier coordinator: until each of them is back, or has come as another incarnation, but no longer than
/// the acceptable pause and a heartbeat. Who is not back by then is lost, and the run goes on without him.
/// </summary>
internal sealed class TakeoverWait : IDisposable
{
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<string> _awaited;
    private readonly IDisposable _subscription;

    private TakeoverWait(IClusterMembers members, IEnumerable<StoredNode> nodes)
    {
        _awaited = [.. nodes.Select(n => n.Name)];
        if (_awaited.Count == 0) _all.SetResult();
        _subscription = members.Subscribe(OnChange);
    }

    /// <returns>The names of those that have not come.</returns>
    public static async Task<IReadOnlyCollection<string>> ForAsync(
        IClusterMembers members, IReadOnlyCollection<StoredNode> nodes, FailureDetectorConfiguration detection, CancellationToken stop)
    {
        using var wait = new TakeoverWait(members, nodes);
        using var due = CancellationTokenSource.CreateLinkedTokenSource(stop);
        due.CancelAfter(detection.AcceptablePause + detection.HeartbeatInterval);
        await wait._all.Task.WaitAsync(due.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (wait._awaited) return [.. wait._awaited];
    }

    public void Dispose() => _subscription.Dispose();

    private void OnChange(MemberChange change)
    {
        if (change is not MemberJoined) return;
        lock (_awaited)
        {
            _awaited.Remove(change.Member.Name);
            if (_awaited.Count == 0) _all.TrySetResult();
        }
    }
}
