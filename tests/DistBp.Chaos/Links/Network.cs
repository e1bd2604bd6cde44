namespace DistBp.Chaos.Links;

/// <summary>Between all nodes. What may not pass is held back, as TCP does with what is not acknowledged, and arrives when it may.</summary>
internal sealed class Network
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkState> _states = [];
    private readonly HashSet<LinkConnection> _connections = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Set(string node, LinkState state)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _states[node] = state;
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        changed.SetResult();
    }

    /// <summary>Breaks all connections of a node.</summary>
    public void Cut(string node)
    {
        LinkConnection[] those;
        lock (_gate) those = [.. _connections.Where(c => c.From == node || c.To == node)];
        foreach (LinkConnection connection in those) connection.Break();
    }

    public void Add(LinkConnection connection)
    {
        lock (_gate) _connections.Add(connection);
    }

    public void Remove(LinkConnection connection)
    {
        lock (_gate) _connections.Remove(connection);
    }

    /// <summary>Completes when a piece from one node arrives at another one.</summary>
    public async ValueTask PassAsync(string from, string to, CancellationToken cancellation)
    {
        while (true)
        {
            TimeSpan delay;
            Task changed;
            bool passes;
            lock (_gate)
            {
                LinkState sender = StateOf(from), receiver = StateOf(to);
                (passes, delay, changed) = (sender.Sends && receiver.Hears, sender.Delay + receiver.Delay, _changed.Task);
            }
            if (!passes)
            {
                await changed.WaitAsync(cancellation);
                continue;
            }
            if (delay > TimeSpan.Zero) await Task.Delay(delay, cancellation);
            return;
        }
    }

    private LinkState StateOf(string node) => _states.GetValueOrDefault(node, LinkState.Undisturbed);
}
