using System.Diagnostics;
using System.Globalization;

namespace DistBp.Learning.Data.Preprocessing;

/// <summary>Fits the steps of a job one after the other on the training part, each on what the steps before it made of it.</summary>
internal static class StepFitting
{
    /// <summary>The fitted steps and the training part after all of them.</summary>
    public static (FittedStep[] Steps, FeatureTable Table) Fit(
        IReadOnlyList<PreprocessStep> steps, FeatureTable table, TensorBuffer? targets, TargetKind kind)
    {
        var fitted = new FittedStep[steps.Count];
        for (int s = 0; s < steps.Count; s++)
        {
            fitted[s] = Fit(steps[s], s, table, targets, kind);
            table = fitted[s].Apply(table);
            if (table.Width == 0)
                throw Error($"No feature is left after {steps[s].Kind}: all are constant in the training part.", s,
                    "leave the step out or check the data");
        }
        return (fitted, table);
    }

    /// <summary>Fits steps that need no more than passes over the rows, in order.</summary>
    /// <param name="forEachRow">Gives the training part's rows of <paramref name="width"/> features, in order, as often as it is called.</param>
    public static FittedStep[] Fit(IReadOnlyList<PreprocessStep> steps, int width, Action<RowAction> forEachRow)
    {
        FeatureColumn[] columns = FeatureColumn.Numbered(width);
        var fitted = new FittedStep[steps.Count];
        for (int s = 0; s < steps.Count; s++)
        {
            IElementwiseStep[] before = [.. fitted.Take(s).Cast<IElementwiseStep>()];
            fitted[s] = steps[s] switch
            {
                DivideStep divide => Divide(divide, s),
                StandardizeStep => Standardize(columns, Statistics(before)),
                MinMaxStep => MinMax(columns, Statistics(before)),
                _ => throw Error($"{steps[s].Kind} needs all samples in memory, and shards are read a piece at a time.", s,
                    "let `distbp data convert` do it: what it writes is preprocessed then"),
            };
        }
        return fitted;

        ColumnStatistics Statistics(IElementwiseStep[] before)
        {
            var row = new float[width];
            return new ColumnStatistics(width, action => forEachRow(raw =>
            {
                raw.CopyTo(row);
                foreach (IElementwiseStep step in before) step.Apply(row);
                action(row);
            }));
        }
    }

    public static UserException Error(string what, int step, string remedy) =>
        new(ErrorKind.Data, what, $"data.preprocess[{step}]", remedy);

    private static FittedStep Fit(PreprocessStep step, int number, FeatureTable table, TensorBuffer? targets, TargetKind kind) =>
        step switch
    {
        DivideStep divide => Divide(divide, number),
        StandardizeStep => Standardize(table.Columns, new ColumnStatistics(table)),
        MinMaxStep => MinMax(table.Columns, new ColumnStatistics(table)),
        ImputeStep impute => Imputation.Fit(impute, number, table),
        OneHotStep oneHot => OneHot(oneHot, number, table),
        DropConstantStep => DropConstant(table),
        SelectTopStep top => FeatureSelection.Fit(top, number, table, targets, kind),
        _ => throw new UnreachableException(step.Kind),
    };

    private static FittedDivide Divide(DivideStep step, int number) => step.Divisor != 0 && double.IsFinite(step.Divisor)
        ? new FittedDivide(step.Divisor)
        : throw Error($"Nothing can be divided by {step.Divisor}.", number, "divide by 255, say");

    private static FittedScale Standardize(FeatureColumn[] columns, ColumnStatistics statistics) =>
        Scale(columns, statistics, statistics.Mean, j => statistics.Deviation[j]);

    private static FittedScale MinMax(FeatureColumn[] columns, ColumnStatistics statistics) =>
        Scale(columns, statistics, statistics.Minimum, j => statistics.Maximum[j] - statistics.Minimum[j]);

    private static FittedScale Scale(FeatureColumn[] columns, ColumnStatistics statistics, double[] offset, Func<int, double> scale)
    {
        var fitted = new FittedScale(new double[columns.Length], new double[columns.Length]);
        for (int j = 0; j < columns.Length; j++)
        {
            if (columns[j].Categories is not null) fitted.Scale[j] = 1;
            else if (!statistics.IsConstant(j)) (fitted.Offset[j], fitted.Scale[j]) = (offset[j], scale(j));
        }
        return fitted;
    }

    private static FittedSelection DropConstant(FeatureTable table)
    {
        var statistics = new ColumnStatistics(table);
        return new FittedSelection(table.Width, [.. Enumerable.Range(0, table.Width).Where(j => !statistics.IsConstant(j))]);
    }

    private static FittedOneHot OneHot(OneHotStep step, int number, FeatureTable table)
    {
        var categories = new string[]?[table.Width];
        foreach (string name in step.Columns)
        {
            int column = Array.FindIndex(table.Columns, c => c.Name == name);
            if (column < 0 && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < table.Width)
                column = index;
            if (column < 0)
            {
                string[] names = [.. table.Columns.Select(c => c.Name)];
                throw Error($"oneHot: there is no feature '{name}' at this step.", number,
                    $"{NearestName.Suggestion(name, names)}the features are: {NearestName.List(names)}");
            }
            categories[column] = CategoryDictionary.InOrder(Seen(table, column));
        }
        return new FittedOneHot(categories);
    }

    private static IEnumerable<string> Seen(FeatureTable table, int column)
    {
        var seen = new HashSet<float>();
        for (int i = 0; i < table.Count; i++)
        {
            float value = table.Row(i)[column];
            if (!float.IsNaN(value)) seen.Add(value);
        }
        return table.Columns[column].Categories is { } words
            ? seen.Select(v => words.Texts[(int)v])
            : seen.Select(v => v.ToString(CultureInfo.InvariantCulture));
    }
}
