namespace DistBp.Cluster.Nodes.Members;

/// <summary>What the coordinator has to say to a member on its call.</summary>
internal sealed class MemberConnection
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The member may go.</summary>
    public Task Released => _released.Task;

    /// <summary>It is no member any more, and this is why.</summary>
    public Task<string> Ended => _ended.Task;

    public void Release() => _released.TrySetResult();

    public void End(string reason) => _ended.TrySetResult(reason);
}
