using Akka.Actor;
using DistBp.Cluster.Rendezvous;

namespace DistBp.Akka;

/// <summary>The state of the coordinator that is the cluster's singleton: what the <see cref="ReignActor"/> has its keepers keep.</summary>
/// <param name="values">Of earlier reigns.</param>
/// <param name="bound">No other reign can have begun so soon after most keepers have followed this one.</param>
/// <param name="resign">The node gives the reign back: another one is to take it.</param>
internal sealed class KeptStore(
    long term, IReadOnlyDictionary<string, byte[]> values, IActorRef reign, TimeSpan bound, TimeProvider time, Func<Task> resign) : ICoordinatorStore
{
    private readonly CancellationTokenSource _ended = new();
    private readonly Dictionary<string, byte[]> _values = new(values);
    private long _heldAt = time.GetTimestamp();

    public long Term => term;

    public CancellationToken Ended => _ended.Token;

    public bool IsHeld => !_ended.IsCancellationRequested && time.GetElapsedTime(Volatile.Read(ref _heldAt)) < bound;

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

    /// <summary>Most keepers have just followed this reign.</summary>
    public void Hold() => Volatile.Write(ref _heldAt, time.GetTimestamp());

    public void End() => _ended.Cancel();

    public async ValueTask DisposeAsync()
    {
        End();
        await resign().ConfigureAwait(false);
    }

    /// <summary>The split-brain resolver is the bound: keepers that do not answer are taken out of the cluster, or this node is.</summary>
    private async Task ChangeAsync(string name, byte[]? value)
    {
        var change = new StateChange(name, value);
        reign.Tell(change);
        Task over = Task.Delay(Timeout.InfiniteTimeSpan, _ended.Token);
        if (await Task.WhenAny(change.Done.Task, over).ConfigureAwait(false) == over) throw new ReignEndedException($"Reign {term} is over.");
        lock (_values)
        {
            if (value is null) _values.Remove(name);
            else _values[name] = value;
        }
    }
}

/// <param name="Value">Null: there is to be none.</param>
internal sealed record StateChange(string Name, byte[]? Value)
{
    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
