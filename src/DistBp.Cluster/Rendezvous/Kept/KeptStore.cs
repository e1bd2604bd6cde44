namespace DistBp.Cluster.Rendezvous.Kept;

/// <summary>The state of a coordinator whose reign is a <see cref="KeptReign{TKeeper}"/>; from any thread.</summary>
/// <param name="values">Of earlier reigns.</param>
/// <param name="post">To the reign's host: a <see cref="StateChange"/>, or that it is <see cref="ReignOver"/>.</param>
/// <param name="bound">No other reign can have begun so soon after most keepers have heard of this one.</param>
/// <param name="resign">The node gives the reign back: another one is to take it.</param>
internal sealed class KeptStore(
    long term, IReadOnlyDictionary<string, byte[]> values, Action<object> post, TimeSpan bound, TimeProvider time, Func<Task> resign) : ICoordinatorStore
{
    private readonly CancellationTokenSource _ended = new();
    private readonly Dictionary<string, byte[]> _values = new(values);
    private long _heldAt = time.GetTimestamp();

    public long Term => term;

    public CancellationToken Ended => _ended.Token;

    public bool IsHeld
    {
        get
        {
            if (!_ended.IsCancellationRequested && time.GetElapsedTime(Volatile.Read(ref _heldAt)) >= bound)
            {
                End();
                post(new ReignOver($"keepers of its state have not answered for {bound.TotalSeconds} s"));
            }
            return !_ended.IsCancellationRequested;
        }
    }

    public Task<IReadOnlyDictionary<string, byte[]>> ReadAllAsync()
    {
        lock (_values) return Task.FromResult<IReadOnlyDictionary<string, byte[]>>(new Dictionary<string, byte[]>(_values));
    }

    public Task PutAsync(string name, ReadOnlyMemory<byte> value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Length, ICoordinatorStore.MaxValueBytes);
        return ChangeAsync(name, value.ToArray());
    }

    public Task DeleteAsync(string name) => ChangeAsync(name, null);

    /// <summary>Most keepers follow this reign.</summary>
    /// <param name="since">When they were asked.</param>
    public void Hold(long since) => Volatile.Write(ref _heldAt, since);

    public void End() => _ended.Cancel();

    public async ValueTask DisposeAsync()
    {
        bool gaveUp = !_ended.IsCancellationRequested;
        End();
        if (gaveUp) await resign().ConfigureAwait(false);
    }

    /// <summary>The cluster is the bound: keepers that do not answer are taken out of it, or this node is.</summary>
    private async Task ChangeAsync(string name, byte[]? value)
    {
        var change = new StateChange(name, value);
        post(change);
        try
        {
            await change.Done.Task.WaitAsync(_ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            throw new ReignEndedException($"Reign {term} is over.");
        }
        lock (_values)
        {
            if (value is null) _values.Remove(name);
            else _values[name] = value;
        }
    }
}
