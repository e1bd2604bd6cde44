namespace DistBp.Learning.Metrics;

/// <summary>
/// The receiver operating characteristic of two classes (Fawcett, "An introduction to ROC analysis", 2006). The area under it is the chance
/// that a random sample of the second class has a higher score than one of the first, ties counting a half: counted in whole numbers, so
/// that the order of samples changes no bit.
/// </summary>
public static class RocCurve
{
    /// <param name="scores">[samples]; more speaks for the second class. Overwritten: sorted.</param>
    /// <param name="labels">[samples]; above 0.5 is the second class. Sorted along.</param>
    /// <returns>NaN where one class has no sample, or a score is NaN.</returns>
    public static double Area(Span<float> scores, Span<float> labels)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(labels.Length, scores.Length);
        foreach (float score in scores)
        {
            if (float.IsNaN(score)) return double.NaN;
        }
        scores.Sort(labels);
        Int128 twice = 0;
        long firstBelow = 0, seconds = 0;
        for (int start = 0, end; start < scores.Length; start = end)
        {
            long first = 0, second = 0;
            for (end = start; end < scores.Length && scores[end] == scores[start]; end++)
            {
                if (labels[end] > 0.5f) second++;
                else first++;
            }
            twice += (Int128)second * (2 * firstBelow + first);
            firstBelow += first;
            seconds += second;
        }
        return seconds == 0 || firstBelow == 0 ? double.NaN : (double)twice / (2.0 * seconds * firstBelow);
    }
}
