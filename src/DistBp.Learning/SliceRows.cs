namespace DistBp.Learning;

/// <summary>
/// The rows of one pass through the network: the samples of consecutive slices, one slice after the other. Layers whose sums must not
/// depend on the assignment (weight gradients, batch statistics) work slice by slice and add along the <see cref="ReductionTree"/>;
/// all others may take the rows as one matrix. Reused from step to step: no allocation.
/// </summary>
public sealed class SliceRows
{
    private readonly int[] _starts;

    public SliceRows(int maxSlices) => _starts = new int[maxSlices + 1];

    /// <summary>The slice's number in the step of the first slice here (keys dropout's generator).</summary>
    public int FirstSlice { get; private set; }

    public int SliceCount { get; private set; }

    /// <summary>Rows of all slices together.</summary>
    public int RowCount => _starts[SliceCount];

    /// <summary>SliceCount + 1 values: slice s has the rows [RowStarts[s], RowStarts[s + 1]). A slice may be empty.</summary>
    public ReadOnlySpan<int> RowStarts => _starts.AsSpan(0, SliceCount + 1);

    public void Reset(int firstSlice)
    {
        FirstSlice = firstSlice;
        SliceCount = 0;
    }

    public void Add(int rows)
    {
        _starts[SliceCount + 1] = _starts[SliceCount] + rows;
        SliceCount++;
    }
}
