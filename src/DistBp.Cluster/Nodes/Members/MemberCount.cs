namespace DistBp.Cluster.Nodes.Members;

/// <summary>Waits for so many members.</summary>
internal sealed class MemberCount : IDisposable
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IDisposable _subscription;
    private readonly int _wanted;

    public MemberCount(IClusterMembers members, int wanted)
    {
        _wanted = wanted;
        _subscription = members.Subscribe(OnChange);
    }

    public Task Reached => _reached.Task;

    /// <summary>Members now.</summary>
    public int Count { get; private set; }

    public void Dispose() => _subscription.Dispose();

    private void OnChange(MemberChange change)
    {
        if (change is MemberJoined) Count++;
        else if (change is MemberLost) Count--;
        if (Count >= _wanted) _reached.TrySetResult();
    }
}
