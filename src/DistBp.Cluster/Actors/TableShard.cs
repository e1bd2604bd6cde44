using DistBp.Learning;
using DistBp.Learning.Diagnosis;
using DistBp.Learning.Kernels;
using DistBp.Learning.Optimizers;
using DistBp.Protocol;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// What a server does with the part of a table of rows that lies in its shard: only with the rows that a step touches. The first and the
/// last row of the part may be cut. Their mean gradient is kept from the norms to the update: it is small.
/// </summary>
internal sealed class TableShard
{
    // Rows: those of a large table are seldom in a cache.
    private const int Ahead = 4;

    private readonly TrainingMemory _memory;
    private readonly ParameterShard _shard;
    private readonly int _table;
    private readonly ParameterView _view;
    private readonly RowUnion _union;
    private readonly int[] _rows;
    private readonly TensorBuffer _mean;
    private readonly TensorBuffer? _own;
    private int _count;

    /// <param name="table">Its number in <see cref="ParameterLayout.SparseViews"/>.</param>
    /// <param name="own">[shard.Count]: the parameters of a copy; null: they are in the buffer that all share.</param>
    public TableShard(TrainingMemory memory, ParameterShard shard, int table, TensorBuffer? own = null)
    {
        (_memory, _shard, _table, _own, _view) = (memory, shard, table, own, memory.Network.Parameters.SparseViews[table]);
        View = memory.Network.Parameters.Views.ToList().IndexOf(_view);
        int inShard = Math.Max(0, Math.Min(shard.End, _view.End) - Math.Max(shard.Offset, _view.Offset));
        Capacity = (int)Math.Min((long)memory.Job.Batch * _view.Description.RowsPerSample, inShard == 0 ? 0 : inShard / _view.Width + 2);
        _rows = new int[Capacity];
        _mean = new TensorBuffer(checked(Capacity * _view.Width));
        _union = new RowUnion(_view, shard, memory.Job.Slices);
    }

    /// <summary>The table's number in <see cref="ParameterLayout.Views"/>.</summary>
    public int View { get; }

    /// <summary>The most rows that a step can touch.</summary>
    public int Capacity { get; }

    /// <summary>Elements of a row.</summary>
    public int Width => _view.Width;

    /// <summary>That the last combined step touches, as far as they lie in the shard; ascending.</summary>
    public ReadOnlySpan<int> Rows => _rows.AsSpan(0, _count);

    /// <summary>What of a row lies in the shard, in the flat buffer.</summary>
    public ParameterShard PieceOf(int row) => new(_union.OffsetOf(row), _union.LengthOf(row));

    /// <summary>Adds the contributions' rows up to the root, and notes the squared norms of the pieces of each touched row.</summary>
    /// <param name="root">Takes the rows' sums; null: nobody else needs them.</param>
    /// <returns>Whether an element stands at the limit of clip.value.</returns>
    public bool Combine(IReadOnlyList<PushGradient> contributions, int samples, NormList norms, ShardRoot? root = null)
    {
        _union.Begin(contributions, _table);
        bool clamped = false;
        for (_count = 0; _union.Next(out int row, out ReadOnlySpan<float> sum); _count++)
        {
            _rows[_count] = row;
            Span<float> mean = _mean.Span.Slice(_count * _view.Width, sum.Length);
            root?.Write(_table, row, sum);
            Mean(_union.OffsetOf(row), sum, mean, samples, norms);
            clamped |= _memory.IsClamped(mean);
        }
        return clamped;
    }

    /// <summary>Moves the touched rows, and their optimizer state, alone.</summary>
    /// <param name="figures">Null: the step is not sampled.</param>
    public void Update(long step, double rate, float scale, ReadOnlySpan<TensorBuffer> state, SegmentFigures? figures)
    {
        for (int i = 0; i < _count; i++)
        {
            if (i + Ahead < _count) Fetch(_rows[i + Ahead], state);
            int offset = _union.OffsetOf(_rows[i]), length = _union.LengthOf(_rows[i]);
            for (int done = 0; done < length;)
            {
                (int segment, int count) = PieceAt(offset, done, length);
                Span<float> parameters = Parameters(offset + done, count), mean = _mean.Span.Slice(i * _view.Width + done, count);
                figures?.BeforeUpdate(segment, mean, parameters);
                _memory.Optimizer.Update(step, rate, scale, parameters, mean, state, offset + done - _shard.Offset);
                figures?.AfterUpdate(parameters);
                done += count;
            }
        }
    }

    /// <param name="offset">In the flat buffer.</param>
    private Span<float> Parameters(int offset, int length) =>
        _own is null ? _memory.Parameters.Span.Slice(offset, length) : _own.Span.Slice(offset - _shard.Offset, length);

    private void Fetch(int row, ReadOnlySpan<TensorBuffer> state)
    {
        int offset = _union.OffsetOf(row), length = _union.LengthOf(row);
        EmbeddingKernel.Fetch(Parameters(offset, length));
        foreach (TensorBuffer buffer in state) EmbeddingKernel.Fetch(buffer.Span.Slice(offset - _shard.Offset, length));
    }

    /// <summary>A row that straddles a block border has a piece in each segment.</summary>
    private void Mean(int offset, ReadOnlySpan<float> sum, Span<float> mean, int samples, NormList norms)
    {
        for (int done = 0; done < sum.Length;)
        {
            (int segment, int length) = PieceAt(offset, done, sum.Length);
            double squared = GradientReduction.MeanAndNorm(
                sum.Slice(done, length), [], samples, mean.Slice(done, length), Parameters(offset + done, length),
                _memory.TreatmentOf(_memory.Segments[segment]));
            norms.Add(segment, squared);
            done += length;
        }
    }

    /// <summary>The segment, and how many elements of the row from <paramref name="done"/> on lie in it.</summary>
    private (int Segment, int Count) PieceAt(int offset, int done, int length)
    {
        int segment = _memory.Segments.IndexOf(View, offset + done);
        return (segment, Math.Min(length, _memory.Segments[segment].End - offset) - done);
    }
}
