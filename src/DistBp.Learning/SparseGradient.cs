using DistBp.Learning.Kernels;

namespace DistBp.Learning;

/// <summary>
/// The gradient sum of one table [rows, width] over a subtree of slices: the rows that its samples touch, in ascending order, and their
/// values one after the other. All memory is made once, for the most rows that the samples can touch.
/// </summary>
public sealed class SparseGradient
{
    private readonly int[] _rows;
    private readonly TensorBuffer _values;

    /// <param name="view">The table.</param>
    public SparseGradient(ParameterView view, int maxSamples)
    {
        View = view;
        int capacity = (int)Math.Min((long)maxSamples * view.Description.RowsPerSample, view.Shape[0]);
        _rows = new int[capacity];
        _values = new TensorBuffer(checked(capacity * view.Width));
    }

    public ParameterView View { get; }

    /// <summary>Touched rows.</summary>
    public int Count { get; private set; }

    /// <summary>[Count], ascending.</summary>
    public ReadOnlyMemory<int> Rows => _rows.AsMemory(0, Count);

    /// <summary>[Count, width].</summary>
    public ReadOnlyMemory<float> Values => _values.Memory[..(Count * View.Width)];

    public void Clear() => Count = 0;

    /// <summary>A row above those that are there.</summary>
    /// <returns>[width], where its values are to be written.</returns>
    public Span<float> Append(int row)
    {
        _rows[Count] = row;
        return _values.Span.Slice(Count++ * View.Width, View.Width);
    }

    /// <summary>Adds the gradient of the right sibling: a row of one side only is taken as it is.</summary>
    public void Add(SparseGradient right)
    {
        int left = Count - 1, other = right.Count - 1;
        Count = UnionCount(Rows.Span, right.Rows.Span);
        // From behind: no row is overwritten that is still to be moved.
        for (int at = Count - 1; other >= 0; at--)
        {
            int leftRow = left >= 0 ? _rows[left] : -1, rightRow = right._rows[other];
            if (leftRow > rightRow) Of(left).CopyTo(Of(at));
            else if (leftRow < rightRow) right.Of(other).CopyTo(Of(at));
            else GradientReduction.Add(Of(left), right.Of(other), Of(at));
            _rows[at] = Math.Max(leftRow, rightRow);
            if (leftRow >= rightRow) left--;
            if (leftRow <= rightRow) other--;
        }
    }

    /// <summary>What lies in the range [offset, end) of the flat buffer: its first and its last row may be cut.</summary>
    public SparseRows Cut(int offset, int end)
    {
        int width = View.Width, begin = Math.Max(offset - View.Offset, 0), stop = Math.Min(end - View.Offset, View.Count);
        if (begin >= stop) return SparseRows.None;
        int first = FirstNotBelow(begin / width), last = FirstNotBelow((stop - 1) / width + 1);
        if (first == last) return SparseRows.None;
        int cutBefore = Math.Max(0, begin - _rows[first] * width), cutBehind = Math.Max(0, (_rows[last - 1] + 1) * width - stop);
        return new SparseRows(_rows.AsMemory(first, last - first), _values.Memory[(first * width + cutBefore)..(last * width - cutBehind)]);
    }

    private static int UnionCount(ReadOnlySpan<int> left, ReadOnlySpan<int> right)
    {
        int count = left.Length + right.Length;
        for (int i = 0, j = 0; i < left.Length && j < right.Length;)
        {
            if (left[i] == right[j]) count--;
            if (left[i] <= right[j]) i++;
            else j++;
        }
        return count;
    }

    private Span<float> Of(int index) => _values.Span.Slice(index * View.Width, View.Width);

    private int FirstNotBelow(int row)
    {
        int index = _rows.AsSpan(0, Count).BinarySearch(row);
        return index < 0 ? ~index : index;
    }
}

/// <summary>Touched rows of a table, as they are sent to the server of a shard.</summary>
/// <param name="Rows">Their numbers in the table, ascending.</param>
/// <param name="Values">Their values one after the other: of the first and of the last row those that lie in the shard.</param>
public readonly record struct SparseRows(ReadOnlyMemory<int> Rows, ReadOnlyMemory<float> Values)
{
    public static SparseRows None => default;
}
