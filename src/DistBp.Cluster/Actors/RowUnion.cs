using DistBp.Learning;
using DistBp.Learning.Kernels;
using DistBp.Protocol;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// The upper part of the reduction tree for a table of rows, above the subtrees that workers have sent: row by row, ascending, the sum along
/// the tree of those contributions that have the row (<see cref="SparseTreeSum"/>).
/// </summary>
internal sealed class RowUnion
{
    private readonly ParameterView _view;
    private readonly ParameterShard _shard;
    private readonly TensorBuffer _scratch;
    private readonly int[] _levels;
    private readonly int[] _next;
    private readonly SparseRows[] _parts;
    private readonly int[] _leaves;
    private int _count;

    public RowUnion(ParameterView view, ParameterShard shard, int slices)
    {
        (_view, _shard) = (view, shard);
        _levels = new int[SparseTreeSum.ScratchRows(slices)];
        _scratch = new TensorBuffer(checked(_levels.Length * view.Width));
        _next = new int[slices];
        _parts = new SparseRows[slices];
        _leaves = new int[slices];
    }

    /// <param name="contributions">Disjoint subtrees that cover all slices, in the order of the slices.</param>
    public void Begin(IReadOnlyList<PushGradient> contributions, int table)
    {
        _count = contributions.Count;
        for (int c = 0; c < _count; c++)
        {
            _parts[c] = contributions[c].Gradient.Sparse[table];
            _leaves[c] = contributions[c].Subtree.First;
            _next[c] = 0;
        }
    }

    /// <summary>The next touched row and its sum, as far as it lies in the shard; valid until the next call.</summary>
    public bool Next(out int row, out ReadOnlySpan<float> sum)
    {
        row = int.MaxValue;
        for (int c = 0; c < _count; c++)
        {
            ReadOnlySpan<int> rows = _parts[c].Rows.Span;
            if (_next[c] < rows.Length) row = Math.Min(row, rows[_next[c]]);
        }
        sum = default;
        if (row == int.MaxValue) return false;
        int length = LengthOf(row);
        var total = new SparseTreeSum(_view.Width, _scratch.Span, _levels);
        for (int c = 0; c < _count; c++)
        {
            ReadOnlySpan<int> rows = _parts[c].Rows.Span;
            if (_next[c] >= rows.Length || rows[_next[c]] != row) continue;
            // The first row may be cut, and all those after it begin so much earlier.
            int start = _next[c] == 0 ? 0 : _next[c] * _view.Width - CutOf(rows[0]);
            total.Add(_leaves[c], _parts[c].Values.Span.Slice(start, length));
            _next[c]++;
        }
        sum = total.Total(length);
        return true;
    }

    /// <summary>Where the part of the row that lies in the shard begins in the flat buffer.</summary>
    public int OffsetOf(int row) => Math.Max(_shard.Offset, _view.Offset + row * _view.Width);

    /// <summary>Elements of that part.</summary>
    public int LengthOf(int row) => Math.Min(_shard.End, _view.Offset + (row + 1) * _view.Width) - OffsetOf(row);

    /// <summary>Elements of a row that lie before the shard.</summary>
    private int CutOf(int row) => OffsetOf(row) - (_view.Offset + row * _view.Width);
}
