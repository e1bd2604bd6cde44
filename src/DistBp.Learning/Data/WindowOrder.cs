using DistBp.Learning.Initialization;

namespace DistBp.Learning.Data;

/// <summary>
/// The order of data that are too large to be read at random: an epoch takes the shards in an order of its own, one behind the other, cuts
/// that sequence into windows, and shuffles inside each window. So it reads about two windows of the disk at a time, and follows from (seed,
/// epoch, samples of each shard, window) alone. Nothing is allocated once it is warm.
/// </summary>
public sealed class WindowOrder : ISampleOrder
{
    private readonly int[] _starts;
    private readonly int[] _shards;
    private readonly int[] _sequence;
    private readonly int _window;
    private readonly ulong _key;
    private readonly int[][] _windows = [[], []];
    private readonly int[] _prepared = [-1, -1];
    private int[] _rows = [];
    private int _epoch = -1;

    /// <param name="shards">Samples of each shard, at least one each, in the order in which samples are numbered.</param>
    /// <param name="window">Samples; at least 1.</param>
    public WindowOrder(IReadOnlyList<int> shards, int window, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 1);
        _starts = new int[shards.Count + 1];
        for (int i = 0; i < shards.Count; i++) _starts[i + 1] = checked(_starts[i] + shards[i]);
        (_shards, _sequence, _window) = (new int[shards.Count], new int[shards.Count + 1], window);
        _key = Philox.Key(seed, RandomPurpose.Shuffle);
    }

    private int Count => _starts[^1];

    public ReadOnlySpan<int> Rows(int epoch, RowRange rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        if (epoch != _epoch) PrepareEpoch(epoch);
        if (_rows.Length < rows.Count) _rows = new int[rows.Count];
        for (int row = rows.Start; row < rows.End;)
        {
            int window = row / _window, inWindow = row % _window;
            ReadOnlySpan<int> samples = Window(window)[inWindow..];
            samples = samples[..Math.Min(samples.Length, rows.End - row)];
            samples.CopyTo(_rows.AsSpan(row - rows.Start));
            row += samples.Length;
        }
        return _rows.AsSpan(0, rows.Count);
    }

    private void PrepareEpoch(int epoch)
    {
        _epoch = epoch;
        _prepared.AsSpan().Fill(-1);
        RandomPermutation.Fill(_shards, _key, (uint)epoch);
        for (int i = 0; i < _shards.Length; i++) _sequence[i + 1] = _sequence[i] + _starts[_shards[i] + 1] - _starts[_shards[i]];
    }

    /// <summary>The samples of a window. Two are kept: the rows of a step may lie in both.</summary>
    private ReadOnlySpan<int> Window(int window)
    {
        int slot = window & 1, first = window * _window, count = Math.Min(_window, Count - first);
        if (_windows[slot].Length == 0) _windows[slot] = new int[Math.Min(_window, Count)];
        Span<int> samples = _windows[slot].AsSpan(0, count);
        if (_prepared[slot] == window) return samples;
        _prepared[slot] = window;
        // The shards' own order is window 0 of the stream.
        RandomPermutation.Fill(samples, _key, (uint)_epoch | ((ulong)(window + 1) << 32));
        foreach (ref int sample in samples) sample = SampleAt(first + sample);
        return samples;
    }

    /// <summary>The sample at a place of the sequence of shards.</summary>
    private int SampleAt(int place)
    {
        int found = Array.BinarySearch(_sequence, place), shard = found < 0 ? ~found - 1 : found;
        return _starts[_shards[shard]] + place - _sequence[shard];
    }
}
