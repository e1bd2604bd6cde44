namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>A server's memory for a shard, or for a copy of another's.</summary>
internal sealed class ToyShard(ParameterShard range)
{
    public ParameterShard Range => range;

    public float[] Parameters { get; } = new float[range.Count];

    public float[] State { get; } = new float[range.Count];

    public float[] Best { get; private set; } = new float[range.Count];

    public ulong Digest
    {
        get
        {
            ulong digest = 14695981039346656037;
            foreach (float value in Parameters) digest = (digest ^ BitConverter.SingleToUInt32Bits(value)) * 1099511628211;
            foreach (float value in State) digest = (digest ^ BitConverter.SingleToUInt32Bits(value)) * 1099511628211;
            return digest;
        }
    }

    public void KeepBest() => Best = [.. Parameters];

    public void RestoreBest() => Best.CopyTo(Parameters, 0);

    /// <summary>What of the range was handed over.</summary>
    public void Take(Messages.HandShard handed)
    {
        ParameterShard common = range.Overlap(handed.Range);
        if (common.Count == 0) return;
        int from = common.Offset - handed.Range.Offset, to = common.Offset - range.Offset;
        handed.Parameters.Span.Slice(from, common.Count).CopyTo(Parameters.AsSpan(to));
        if (handed.State.Count > 0) handed.State[0].Span.Slice(from, common.Count).CopyTo(State.AsSpan(to));
        if (!handed.Best.IsEmpty) handed.Best.Span.Slice(from, common.Count).CopyTo(Best.AsSpan(to));
    }

    public Messages.HandShard Hand(Generation generation, ParameterShard part) =>
        new(generation, part, Cut(Parameters, part), [Cut(State, part)], Cut(Best, part));

    private float[] Cut(float[] values, ParameterShard part) => values.AsSpan(part.Offset - range.Offset, part.Count).ToArray();
}
