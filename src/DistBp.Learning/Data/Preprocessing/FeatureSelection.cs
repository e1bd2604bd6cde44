namespace DistBp.Learning.Data.Preprocessing;

/// <summary>
/// Fits selectTop. The score of a feature is, for classes, the F statistic of one-way analysis of variance,
/// (SSB / (K − 1)) / (SSW / (n − K)); for values and binary targets the squared correlation with the target, summed over its columns.
/// Constant features score 0, missing values are left out, equal scores keep the earlier feature. The kept features stay in their order.
/// </summary>
internal static class FeatureSelection
{
    public static FittedSelection Fit(SelectTopStep step, int number, FeatureTable table, TensorBuffer? targets, TargetKind kind)
    {
        if (targets is null || kind == TargetKind.Input)
            throw StepFitting.Error("selectTop needs a target to compare features with, and here the target is the input.", number,
                "leave selectTop out");
        if (step.Count < 1 || step.Count > table.Width)
            throw StepFitting.Error($"selectTop: {step.Count} features are asked for and there are {table.Width}.", number,
                $"ask for 1 to {table.Width}");
        foreach (FeatureColumn column in table.Columns)
        {
            if (column.Categories is not null)
                throw StepFitting.Error($"selectTop comes before oneHot of '{column.Name}'.", number, "put oneHot before selectTop");
        }

        var scores = new double[table.Width];
        int targetWidth = targets.Length / table.Count;
        for (int j = 0; j < table.Width; j++)
        {
            scores[j] = kind == TargetKind.Classes ? VarianceRatio(table, j, targets.Span) : 0;
            for (int t = 0; kind != TargetKind.Classes && t < targetWidth; t++)
                scores[j] += SquaredCorrelation(table, j, targets.Span, t, targetWidth);
        }
        int[] kept = [.. Enumerable.Range(0, table.Width).OrderByDescending(j => scores[j]).ThenBy(j => j).Take(step.Count).Order()];
        return new FittedSelection(table.Width, kept);
    }

    private static double VarianceRatio(FeatureTable table, int column, ReadOnlySpan<float> classes)
    {
        int classCount = 0;
        foreach (float c in classes) classCount = Math.Max(classCount, (int)c + 1);
        double[] means = new double[classCount];
        int[] counts = new int[classCount];
        double total = 0;
        int n = 0;
        for (int i = 0; i < table.Count; i++)
        {
            float x = table.Row(i)[column];
            if (float.IsNaN(x)) continue;
            means[(int)classes[i]] += x;
            counts[(int)classes[i]]++;
            total += x;
            n++;
        }
        int present = counts.Count(c => c > 0);
        if (present < 2 || n <= present) return 0;

        double mean = total / n, between = 0, within = 0;
        for (int k = 0; k < classCount; k++)
        {
            if (counts[k] == 0) continue;
            means[k] /= counts[k];
            between += counts[k] * (means[k] - mean) * (means[k] - mean);
        }
        for (int i = 0; i < table.Count; i++)
        {
            double difference = table.Row(i)[column] - means[(int)classes[i]];
            if (!double.IsNaN(difference)) within += difference * difference;
        }
        if (between == 0) return 0;
        return between / (present - 1) / (within / (n - present));
    }

    private static double SquaredCorrelation(FeatureTable table, int column, ReadOnlySpan<float> targets, int target, int targetWidth)
    {
        double sumX = 0, sumY = 0;
        int n = 0;
        for (int i = 0; i < table.Count; i++)
        {
            float x = table.Row(i)[column];
            if (float.IsNaN(x)) continue;
            sumX += x;
            sumY += targets[i * targetWidth + target];
            n++;
        }
        double xx = 0, yy = 0, xy = 0;
        for (int i = 0; i < table.Count; i++)
        {
            double x = table.Row(i)[column] - sumX / n, y = targets[i * targetWidth + target] - sumY / n;
            if (double.IsNaN(x)) continue;
            xx += x * x;
            yy += y * y;
            xy += x * y;
        }
        return xx == 0 || yy == 0 ? 0 : xy * xy / (xx * yy);
    }
}
