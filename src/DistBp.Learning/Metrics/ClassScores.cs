namespace DistBp.Learning.Metrics;

/// <summary>How well one class is told from the others.</summary>
/// <param name="Actual">Samples of the class.</param>
/// <param name="Predicted">Samples that were taken for it.</param>
/// <param name="Precision">Right ones among those taken for it; null where none was.</param>
/// <param name="Recall">Right ones among those of the class; null where there is none.</param>
/// <param name="F1">2 · right / (Actual + Predicted); null where both are 0.</param>
public sealed record ClassScores(long Actual, long Predicted, double? Precision, double? Recall, double? F1)
{
    public static ClassScores Of(ConfusionMatrix confusion, int ofClass)
    {
        long actual = 0, predicted = 0, right = confusion[ofClass, ofClass];
        for (int other = 0; other < confusion.ClassCount; other++)
        {
            actual += confusion[ofClass, other];
            predicted += confusion[other, ofClass];
        }
        return new ClassScores(actual, predicted, Share(right, predicted), Share(right, actual), Share(2 * right, actual + predicted));
    }

    private static double? Share(long part, long whole) => whole == 0 ? null : (double)part / whole;
}

/// <summary>
/// Means over the classes, each counting the same however many samples it has. As scikit-learn's macro average: over the classes that occur,
/// as what a sample is or as what one is taken for, and what does not exist (the precision of a class that nothing is taken for) counts as 0.
/// </summary>
public sealed record MacroScores(double Precision, double Recall, double F1)
{
    public static MacroScores Of(IReadOnlyList<ClassScores> classes)
    {
        ClassScores[] occurring = [.. classes.Where(c => c.Actual + c.Predicted > 0)];
        return new MacroScores(
            Mean(occurring, c => c.Precision), Mean(occurring, c => c.Recall), Mean(occurring, c => c.F1));
    }

    private static double Mean(ClassScores[] classes, Func<ClassScores, double?> score)
        => classes.Length == 0 ? double.NaN : classes.Sum(c => score(c) ?? 0) / classes.Length;
}
