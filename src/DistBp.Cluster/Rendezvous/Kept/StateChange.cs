namespace DistBp.Cluster.Rendezvous.Kept;

/// <summary>A value is to be kept, or forgotten.</summary>
/// <param name="Value">Null: there is to be none.</param>
internal sealed record StateChange(string Name, byte[]? Value)
{
    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
