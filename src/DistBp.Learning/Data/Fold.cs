using DistBp.Learning.Initialization;

namespace DistBp.Learning.Data;

/// <summary>
/// One of the folds of a cross-validation: its samples validate what all others of the training part train. Folds follow from the job's seed:
/// each sample is in exactly one, their sizes differ by at most one, and so do the numbers of samples of each class in them.
/// </summary>
/// <param name="Index">From 0.</param>
/// <param name="Count">At least 2.</param>
public sealed record Fold(int Index, int Count)
{
    private const ulong StreamOfFolds = 1;

    /// <summary>The training part's rows as training and validation parts; a test part stays apart.</summary>
    internal RawTraining Split(RawTraining raw, TargetKind target, int seed)
    {
        RawPart whole = raw.Parts[PartAssignment.Train]!;
        int[] folds = Assign(whole, target, Count, seed);
        var parts = (RawPart?[])raw.Parts.Clone();
        parts[PartAssignment.Train] = whole.Select([.. RowsWhere(folds, fold => fold != Index)]);
        parts[PartAssignment.Validation] = whole.Select([.. RowsWhere(folds, fold => fold == Index)]);
        return raw with { Parts = parts };
    }

    /// <summary>The fold of each row: a permutation by the seed, sorted by class where there are classes, is dealt out in turn.</summary>
    /// <exception cref="UserException">There are fewer samples than folds.</exception>
    internal static int[] Assign(RawPart part, TargetKind target, int count, int seed)
    {
        int rows = part.Count;
        if (rows < count)
        {
            throw new UserException(ErrorKind.Usage, $"{rows} samples cannot be split into {count} folds", "--folds",
                "choose fewer folds, or bring more samples");
        }
        var order = new int[rows];
        RandomPermutation.Fill(order, Philox.Key(seed, RandomPurpose.Split), StreamOfFolds);
        bool stratified = target is TargetKind.Classes or TargetKind.Binary && part.TargetShape.ElementCount == 1;
        // The sort is stable: within a class the permutation stays.
        IEnumerable<int> dealt = stratified ? order.OrderBy(row => part.Targets!.Span[row]) : order;
        var folds = new int[rows];
        int next = 0;
        foreach (int row in dealt) folds[row] = next++ % count;
        return folds;
    }

    private static IEnumerable<int> RowsWhere(int[] folds, Predicate<int> wanted) =>
        Enumerable.Range(0, folds.Length).Where(row => wanted(folds[row]));
}
