using System.Numerics.Tensors;
using DistBp.Learning.Data.Preprocessing;

namespace DistBp.Learning.Data;

/// <summary>No NaN and no infinity may reach the network: names the first one.</summary>
internal static class FiniteCheck
{
    /// <param name="missingAllowed">NaN stands for a missing value that an impute step fills.</param>
    public static void Raw(FeatureTable table, bool missingAllowed)
    {
        if (IsFinite(table.Values.Span)) return;
        for (int i = 0; i < table.Count; i++)
        {
            ReadOnlySpan<float> row = table.Row(i);
            for (int j = 0; j < row.Length; j++)
            {
                if (float.IsFinite(row[j]) || (missingAllowed && float.IsNaN(row[j]))) continue;
                throw new UserException(ErrorKind.Data, $"Element {j} is {row[j]}.", table.Rows.Describe(i),
                    float.IsNaN(row[j]) ? "correct it, or fill missing values with {impute: mean} in data.preprocess" : "correct it");
            }
        }
    }

    /// <summary>After all steps.</summary>
    public static void Preprocessed(FeatureTable table)
    {
        if (IsFinite(table.Values.Span)) return;
        for (int i = 0; i < table.Count; i++)
        {
            ReadOnlySpan<float> row = table.Row(i);
            for (int j = 0; j < row.Length; j++)
            {
                if (float.IsFinite(row[j])) continue;
                throw new UserException(ErrorKind.Data, $"After preprocessing the feature '{table.Columns[j].Name}' is {row[j]}.",
                    table.Rows.Describe(i), "check the value and the steps of data.preprocess");
            }
        }
    }

    /// <summary>The largest magnitude is NaN or infinite exactly where an element is.</summary>
    private static bool IsFinite(ReadOnlySpan<float> values) => values.IsEmpty || float.IsFinite(TensorPrimitives.MaxMagnitude(values));
}
