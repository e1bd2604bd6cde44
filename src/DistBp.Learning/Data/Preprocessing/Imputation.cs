namespace DistBp.Learning.Data.Preprocessing;

/// <summary>Fits impute: a number for each numeric feature, the most frequent word of the training part for each column of words.</summary>
internal static class Imputation
{
    public static FittedImpute Fit(ImputeStep step, int number, FeatureTable table)
    {
        var statistics = step.Strategy == ImputeStrategy.Mean ? new ColumnStatistics(table) : null;
        var fitted = new FittedImpute(new double[table.Width], new string?[table.Width]);
        for (int j = 0; j < table.Width; j++)
        {
            if (table.Columns[j].Categories is { } words)
            {
                fitted.Words[j] = MostFrequent(table, j, words);
                continue;
            }
            double value = step.Strategy switch
            {
                ImputeStrategy.Mean => statistics!.Mean[j],
                ImputeStrategy.Median => Median(table, j),
                _ => step.Constant,
            };
            if (!double.IsFinite(value))
            {
                throw StepFitting.Error($"impute: the feature '{table.Columns[j].Name}' has no value in the training part.", number,
                    "leave it out of data.train.features, or impute a constant");
            }
            fitted.Values[j] = value;
        }
        return fitted;
    }

    /// <summary>The middle value; of an even count the mean of the two in the middle; NaN of none.</summary>
    private static double Median(FeatureTable table, int column)
    {
        var values = new List<float>(table.Count);
        for (int i = 0; i < table.Count; i++)
        {
            float value = table.Row(i)[column];
            if (!float.IsNaN(value)) values.Add(value);
        }
        if (values.Count == 0) return double.NaN;
        values.Sort();
        int middle = values.Count / 2;
        return values.Count % 2 == 1 ? values[middle] : ((double)values[middle - 1] + values[middle]) / 2;
    }

    /// <summary>Of equally frequent words the first in order; null where all are missing.</summary>
    private static string? MostFrequent(FeatureTable table, int column, CategoryDictionary words)
    {
        var counts = new int[words.Count];
        for (int i = 0; i < table.Count; i++)
        {
            float code = table.Row(i)[column];
            if (!float.IsNaN(code)) counts[(int)code]++;
        }
        int most = counts.DefaultIfEmpty(0).Max();
        return most == 0 ? null : CategoryDictionary.InOrder(words.Texts.Where((_, code) => counts[code] == most))[0];
    }
}
