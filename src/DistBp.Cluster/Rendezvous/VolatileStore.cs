namespace DistBp.Cluster.Rendezvous;

/// <summary>The state of a coordinator whose cluster ends with its process: `distbp train --processes`.</summary>
internal sealed class VolatileStore : ICoordinatorStore
{
    private readonly CancellationTokenSource _ended = new();

    public long Term => 1;

    public CancellationToken Ended => _ended.Token;

    public bool IsHeld => !_ended.IsCancellationRequested;

    public Task<IReadOnlyDictionary<string, byte[]>> ReadAllAsync() => Task.FromResult<IReadOnlyDictionary<string, byte[]>>(new Dictionary<string, byte[]>());

    public Task PutAsync(string name, ReadOnlyMemory<byte> value) => Task.CompletedTask;

    public Task DeleteAsync(string name) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _ended.Cancel();
        return ValueTask.CompletedTask;
    }
}
