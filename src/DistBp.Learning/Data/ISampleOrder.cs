namespace DistBp.Learning.Data;

/// <summary>
/// In which order the epochs of a job visit the samples of the training part: the same on every node without a message. Not for two threads
/// at once.
/// </summary>
public interface ISampleOrder
{
    /// <summary>The sample indices of some rows of an epoch; valid until the next call.</summary>
    /// <param name="epoch">Counted from 0.</param>
    ReadOnlySpan<int> Rows(int epoch, RowRange rows);
}
