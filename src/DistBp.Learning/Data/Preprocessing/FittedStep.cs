using System.Diagnostics;
using System.Numerics.Tensors;
using System.Text.Json.Serialization;

namespace DistBp.Learning.Data.Preprocessing;

/// <summary>A preprocessing step with all that it learned from the training part; stored with the run.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "step")]
[JsonDerivedType(typeof(FittedDivide), "divide")]
[JsonDerivedType(typeof(FittedScale), "scale")]
[JsonDerivedType(typeof(FittedImpute), "impute")]
[JsonDerivedType(typeof(FittedOneHot), "oneHot")]
[JsonDerivedType(typeof(FittedSelection), "keep")]
internal abstract record FittedStep
{
    /// <summary>Features it was fitted on.</summary>
    [JsonIgnore]
    public abstract int InputWidth { get; }

    /// <summary>The features that it makes of <paramref name="columns"/>.</summary>
    public virtual FeatureColumn[] Columns(FeatureColumn[] columns) => columns;

    /// <summary>Changes the table in place where the width stays, and gives a new one otherwise.</summary>
    public FeatureTable Apply(FeatureTable table)
    {
        if (InputWidth >= 0 && table.Width != InputWidth) throw new UnreachableException($"{table.Width} features, fitted on {InputWidth}.");
        return Transform(table);
    }

    protected abstract FeatureTable Transform(FeatureTable table);
}

/// <summary>A step that changes each number of a row by itself: rows need not be in memory together.</summary>
internal interface IElementwiseStep
{
    /// <param name="rows">[any, features], changed in place.</param>
    void Apply(Span<float> rows);
}

/// <summary>x / Divisor.</summary>
internal sealed record FittedDivide(double Divisor) : FittedStep, IElementwiseStep
{
    [JsonIgnore]
    public override int InputWidth => -1;

    public void Apply(Span<float> rows)
    {
        if ((float)Divisor == Divisor)
        {
            // The same bits as below: a quotient of floats, taken in double and rounded once more, is the float quotient.
            TensorPrimitives.Divide(rows, (float)Divisor, rows);
            return;
        }
        foreach (ref float x in rows) x = (float)(x / Divisor);
    }

    protected override FeatureTable Transform(FeatureTable table)
    {
        bool[] isText = [.. table.Columns.Select(c => c.Categories is not null)];
        if (!isText.Contains(true))
        {
            Apply(table.Values.Span[..(table.Count * table.Width)]);
            return table;
        }
        for (int i = 0; i < table.Count; i++)
        {
            Span<float> row = table.Row(i);
            for (int j = 0; j < row.Length; j++)
                if (!isText[j]) row[j] = (float)(row[j] / Divisor);
        }
        return table;
    }
}

/// <summary>(x − Offset) / Scale, each feature by itself; 0 where Scale is 0. Standardize and minMax both become this.</summary>
internal sealed record FittedScale(double[] Offset, double[] Scale) : FittedStep, IElementwiseStep
{
    [JsonIgnore]
    public override int InputWidth => Offset.Length == Scale.Length ? Offset.Length : 0;

    public void Apply(Span<float> rows)
    {
        for (; !rows.IsEmpty; rows = rows[Scale.Length..])
        {
            Span<float> row = rows[..Scale.Length];
            for (int j = 0; j < row.Length; j++)
            {
                // A missing value stays missing even in a constant feature: a later impute may fill it.
                if (Scale[j] != 0) row[j] = (float)((row[j] - Offset[j]) / Scale[j]);
                else if (!float.IsNaN(row[j])) row[j] = 0;
            }
        }
    }

    protected override FeatureTable Transform(FeatureTable table)
    {
        Apply(table.Values.Span[..(table.Count * table.Width)]);
        return table;
    }
}

/// <summary>Fills missing values: numbers by <paramref name="Values"/>, words (columns on their way to oneHot) by
/// <paramref name="Words"/>.</summary>
internal sealed record FittedImpute(double[] Values, string?[] Words) : FittedStep
{
    [JsonIgnore]
    public override int InputWidth => Values.Length == Words.Length ? Values.Length : 0;

    protected override FeatureTable Transform(FeatureTable table)
    {
        float[] fill = [.. table.Columns.Select((c, j) => c.Categories is null ? (float)Values[j] : c.Categories.Code(Words[j] ?? ""))];
        for (int i = 0; i < table.Count; i++)
        {
            Span<float> row = table.Row(i);
            for (int j = 0; j < row.Length; j++)
                if (float.IsNaN(row[j])) row[j] = fill[j];
        }
        return table;
    }
}

/// <summary>Keeps the features <paramref name="Kept"/> (ascending): what dropConstant and selectTop become.</summary>
internal sealed record FittedSelection(int Width, int[] Kept) : FittedStep
{
    [JsonIgnore]
    public override int InputWidth => Kept.All(k => k >= 0 && k < Width) ? Width : 0;

    public override FeatureColumn[] Columns(FeatureColumn[] columns) => [.. Kept.Select(k => columns[k])];

    protected override FeatureTable Transform(FeatureTable table)
    {
        FeatureTable result = table.WithColumns(Columns(table.Columns));
        for (int i = 0; i < table.Count; i++)
        {
            ReadOnlySpan<float> from = table.Row(i);
            Span<float> to = result.Row(i);
            for (int j = 0; j < Kept.Length; j++) to[j] = from[Kept[j]];
        }
        return result;
    }
}
