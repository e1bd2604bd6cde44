using System.Globalization;
using System.Text.Json.Serialization;

namespace DistBp.Learning.Data.Preprocessing;

/// <summary>
/// Replaces a column, where it stands, by one 0/1 feature for each category seen in the training part, in the order of
/// <see cref="CategoryDictionary.InOrder"/>. A category that training never saw, and a missing value, give zeros everywhere: "none of
/// these".
/// </summary>
/// <param name="Categories">One entry a column of the input; null: the column passes as it is.</param>
internal sealed record FittedOneHot(string[]?[] Categories) : FittedStep
{
    [JsonIgnore]
    public override int InputWidth => Categories.Length;

    public override FeatureColumn[] Columns(FeatureColumn[] columns)
    {
        var result = new List<FeatureColumn>();
        for (int j = 0; j < columns.Length; j++)
        {
            if (Categories[j] is not { } categories) result.Add(columns[j]);
            else result.AddRange(categories.Select(c => new FeatureColumn($"{columns[j].Name}={c}")));
        }
        return [.. result];
    }

    protected override FeatureTable Transform(FeatureTable table)
    {
        FeatureTable result = table.WithColumns(Columns(table.Columns));
        Dictionary<float, int>?[] positions = [.. Categories.Select((c, j) => c is null ? null : Positions(table.Columns[j], c))];
        for (int i = 0; i < table.Count; i++)
        {
            ReadOnlySpan<float> from = table.Row(i);
            Span<float> to = result.Row(i);
            int next = 0;
            for (int j = 0; j < from.Length; j++)
            {
                if (positions[j] is not { } position)
                {
                    to[next++] = from[j];
                    continue;
                }
                if (position.TryGetValue(from[j], out int hot)) to[next + hot] = 1;
                next += Categories[j]!.Length;
            }
        }
        return result;
    }

    /// <summary>From a value of the column (a code, or a number in a tensor) to its category.</summary>
    private static Dictionary<float, int> Positions(FeatureColumn column, string[] categories)
    {
        var positions = new Dictionary<float, int>();
        for (int k = 0; k < categories.Length; k++)
        {
            if (column.Categories is { } words) positions[words.Code(categories[k])] = k;
            else if (float.TryParse(categories[k], CultureInfo.InvariantCulture, out float value)) positions[value] = k;
        }
        return positions;
    }
}
