namespace DistBp.Learning.Data.Csv;

/// <summary>Which columns of a CSV file are what; stored with the run, so that other files are read alike.</summary>
/// <param name="HasHeader">The training file names its columns.</param>
/// <param name="ColumnCount">All columns of the training file.</param>
/// <param name="FeatureIndices">0-based, in the training file, in the order of the features.</param>
/// <param name="FeatureNames">From the header, or the index where there is none.</param>
/// <param name="IsText">A column of words, on its way to oneHot.</param>
/// <param name="LabelIndex">−1: no label.</param>
/// <param name="LabelName">From the header, or the index.</param>
internal sealed record CsvColumns(
    bool HasHeader, int ColumnCount, int[] FeatureIndices, string[] FeatureNames, bool[] IsText, int LabelIndex, string? LabelName)
{
    /// <summary>A file of numbers alone: the features of a tensor, then perhaps the label.</summary>
    public static CsvColumns Numbered(int features) => new(
        false, features + 1, [.. Enumerable.Range(0, features)], [.. Preprocessing.FeatureColumn.Numbered(features).Select(c => c.Name)],
        new bool[features], features, null);
}
