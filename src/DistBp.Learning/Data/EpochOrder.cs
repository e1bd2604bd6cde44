using DistBp.Learning.Initialization;

namespace DistBp.Learning.Data;

/// <summary>
/// The order in which an epoch visits the training samples, from (seed, epoch) alone, so that every node knows it without a message.
/// One buffer is reused: preparing an epoch allocates nothing.
/// </summary>
public sealed class EpochOrder : ISampleOrder
{
    private readonly int[] _order;
    private readonly ulong _key;
    private readonly bool _shuffle;

    /// <param name="shuffle">False: every epoch visits the samples as they are stored (evaluation).</param>
    public EpochOrder(int sampleCount, int seed, bool shuffle = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sampleCount);
        _order = new int[sampleCount];
        for (int i = 0; i < sampleCount; i++) _order[i] = i;
        _key = Philox.Key(seed, RandomPurpose.Shuffle);
        _shuffle = shuffle;
    }

    /// <summary>The epoch last prepared; −1 before the first.</summary>
    public int Epoch { get; private set; } = -1;

    /// <summary>Sample indices, a permutation of 0..sampleCount−1.</summary>
    public ReadOnlySpan<int> Order => _order;

    /// <param name="epoch">Counted from 0. Preparing the same epoch again costs nothing.</param>
    public void Prepare(int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        if (epoch == Epoch) return;
        Epoch = epoch;
        if (_shuffle) RandomPermutation.Fill(_order, _key, (ulong)epoch);
    }

    public ReadOnlySpan<int> Rows(int epoch, RowRange rows)
    {
        Prepare(epoch);
        return Slice(rows);
    }

    /// <summary>The sample indices of the rows [Start, End) of the epoch.</summary>
    public ReadOnlySpan<int> Slice(RowRange rows) => _order.AsSpan(rows.Start, rows.Count);

    /// <summary>The sample indices of slice <paramref name="slice"/> of the epoch's step <paramref name="step"/>.</summary>
    public ReadOnlySpan<int> Slice(MiniBatchGeometry geometry, int step, int slice) => Slice(geometry.SliceRange(step, slice));
}
