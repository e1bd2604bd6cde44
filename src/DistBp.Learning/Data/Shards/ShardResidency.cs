namespace DistBp.Learning.Data.Shards;

/// <summary>
/// Bounds how much of the mapped shards stays in memory: the ones that were touched longest ago go first. Letting go of pages that another
/// thread reads is harmless: they come back from the file.
/// </summary>
internal sealed class ShardResidency(long limitBytes)
{
    private readonly Lock _lock = new();
    private readonly List<ShardContent> _resident = [];
    private long _bytes;
    private long _clock;

    /// <summary>Before a shard is read.</summary>
    public void Touch(ShardContent shard)
    {
        shard.LastUse = Volatile.Read(ref _clock);
        if (shard.IsResident) return;
        lock (_lock)
        {
            if (shard.IsResident) return;
            shard.IsResident = true;
            _resident.Add(shard);
            _bytes += shard.Bytes;
        }
    }

    /// <summary>After a gather.</summary>
    public void Trim()
    {
        Interlocked.Increment(ref _clock);
        if (Volatile.Read(ref _bytes) <= limitBytes) return;
        lock (_lock)
        {
            while (_bytes > limitBytes && _resident.Count > 1)
            {
                ShardContent oldest = _resident[0];
                foreach (ShardContent shard in _resident)
                    if (shard.LastUse < oldest.LastUse) oldest = shard;
                _resident.Remove(oldest);
                oldest.IsResident = false;
                _bytes -= oldest.Bytes;
                oldest.Forget();
            }
        }
    }
}
