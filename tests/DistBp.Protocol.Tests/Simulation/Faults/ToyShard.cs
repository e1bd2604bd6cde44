using System.Runtime.InteropServices;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>A server's memory for a shard, or for a copy of another's.</summary>
internal sealed class ToyShard(ParameterShard range)
{
    private readonly List<ToyGradient> _sums = [];
    private float[]? _best;

    public ParameterShard Range => range;

    public float[] Parameters { get; } = new float[range.Count];

    public float[] State { get; } = new float[range.Count];

    /// <summary>The step's gradient, of all slices.</summary>
    public ToyGradient Root => Sum(0);

    /// <summary>Of the best epoch. A server that owns nothing was handed nothing.</summary>
    public ReadOnlySpan<float> Best => range.Count > 0 ? _best! : [];

    /// <summary>Equal where the bits are.</summary>
    public ulong Digest
    {
        get
        {
            var digest = new HashCode();
            digest.AddBytes(MemoryMarshal.AsBytes(Parameters.AsSpan()));
            digest.AddBytes(MemoryMarshal.AsBytes(State.AsSpan()));
            return (uint)digest.ToHashCode();
        }
    }

    /// <summary>Memory for a sum of gradients at a depth of the tree.</summary>
    public ToyGradient Sum(int depth)
    {
        while (_sums.Count <= depth) _sums.Add(new ToyGradient(range));
        return _sums[depth];
    }

    public void KeepBest() => _best = [.. Parameters];

    public void RestoreBest() => Best.CopyTo(Parameters);

    /// <summary>What of the range was handed over.</summary>
    public void Take(HandShard handed)
    {
        ParameterShard common = range.Overlap(handed.Range);
        if (common.Count == 0) return;
        int from = common.Offset - handed.Range.Offset, to = common.Offset - range.Offset;
        handed.Parameters.Span.Slice(from, common.Count).CopyTo(Parameters.AsSpan(to));
        if (handed.State.Count > 0) handed.State[0].Span.Slice(from, common.Count).CopyTo(State.AsSpan(to));
        if (!handed.Best.IsEmpty) handed.Best.Span.Slice(from, common.Count).CopyTo((_best ??= new float[range.Count]).AsSpan(to));
    }

    public HandShard Hand(Generation generation, ParameterShard part) =>
        new(generation, part, Cut(Parameters, part), [Cut(State, part)], _best is null ? default : Cut(_best, part));

    private ReadOnlyMemory<float> Cut(float[] values, ParameterShard part) => values.AsSpan(part.Offset - range.Offset, part.Count).ToArray();
}
