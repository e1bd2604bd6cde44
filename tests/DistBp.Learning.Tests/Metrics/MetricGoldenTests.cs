using System.Runtime.CompilerServices;
using System.Text.Json;
using DistBp.Learning.Data;
using DistBp.Learning.Metrics;

namespace DistBp.Learning.Tests.Metrics;

/// <summary>Against Golden/make_metrics.py, which counts one sample and one pair at a time.</summary>
public sealed class MetricGoldenTests
{
    private static readonly JsonElement Golden = Read();

    [Fact]
    public void Precision_recall_f1_and_their_means_are_those_of_the_definitions()
    {
        JsonElement golden = Golden.GetProperty("classes");
        (MetricSet metrics, double[] sums) = Count(golden, top: 0);
        var confusion = new ConfusionMatrix(metrics, sums);
        ClassScores[] scores = [.. Enumerable.Range(0, confusion.ClassCount).Select(c => ClassScores.Of(confusion, c))];
        for (int c = 0; c < scores.Length; c++)
        {
            JsonElement expected = golden.GetProperty("perClass")[c];
            Equal(Number(expected[0]), scores[c].Precision);
            Equal(Number(expected[1]), scores[c].Recall);
            Equal(Number(expected[2]), scores[c].F1);
        }
        Assert.Null(scores[5].Precision);
        var macro = MacroScores.Of(scores);
        double[] means = Numbers(golden.GetProperty("macro"));
        Equal(means[0], macro.Precision);
        Equal(means[1], macro.Recall);
        Equal(means[2], macro.F1);
        Equal(golden.GetProperty("accuracy").GetDouble(), MetricValues.Of(metrics, sums).Accuracy);
    }

    [Fact]
    public void The_top_k_accuracy_is_that_of_the_ranking_in_which_the_first_of_equals_comes_first()
    {
        JsonElement golden = Golden.GetProperty("classes");
        foreach (JsonProperty expected in golden.GetProperty("top").EnumerateObject())
        {
            int top = int.Parse(expected.Name, System.Globalization.CultureInfo.InvariantCulture);
            (MetricSet metrics, double[] sums) = Count(golden, top);
            Equal(expected.Value.GetDouble(), MetricValues.Of(metrics, sums).TopAccuracy);
        }
        (MetricSet all, double[] ofAll) = Count(golden, top: 7);
        Assert.Equal(0, all.Top);
        Assert.Null(MetricValues.Of(all, ofAll).TopAccuracy);
    }

    [Fact]
    public void The_area_under_the_curve_is_the_share_of_pairs_in_the_right_order_whatever_their_order()
    {
        JsonElement golden = Golden.GetProperty("roc");
        float[] scores = Singles(golden.GetProperty("scores")), labels = Singles(golden.GetProperty("labels"));
        double area = RocCurve.Area([.. scores], [.. labels]);
        Equal(golden.GetProperty("area").GetDouble(), area);
        Array.Reverse(scores);
        Array.Reverse(labels);
        Assert.Equal(area, RocCurve.Area(scores, labels));
    }

    [Fact]
    public void The_area_knows_the_perfect_the_reversed_the_useless_and_the_undefined()
    {
        Assert.Equal(1, RocCurve.Area([-1, 2, -3, 4], [0, 1, 0, 1]));
        Assert.Equal(0, RocCurve.Area([1, -2, 3, -4], [0, 1, 0, 1]));
        Assert.Equal(0.5, RocCurve.Area([7, 7, 7], [0, 1, 1]));
        Assert.Equal(0.75, RocCurve.Area([0, 0, float.PositiveInfinity], [0, 1, 1]));
        Assert.Equal(double.NaN, RocCurve.Area([1, 2], [1, 1]));
        Assert.Equal(double.NaN, RocCurve.Area([], []));
        Assert.Equal(double.NaN, RocCurve.Area([1, float.NaN], [0, 1]));
    }

    [Fact]
    public void Errors_of_values_are_those_of_the_definitions()
    {
        JsonElement golden = Golden.GetProperty("values");
        float[] outputs = Singles(golden.GetProperty("outputs")), targets = Singles(golden.GetProperty("targets"));
        var metrics = new MetricSet(TargetKind.Values, 1);
        var sums = new double[metrics.Count];
        for (int i = 0; i < outputs.Length; i++) metrics.Add(0, outputs.AsSpan(i, 1), targets.AsSpan(i, 1), sums);
        var values = MetricValues.Of(metrics, sums);
        Equal(golden.GetProperty("mae").GetDouble(), values.MeanAbsoluteError);
        Equal(golden.GetProperty("rmse").GetDouble(), values.RootMeanSquaredError);
        Equal(golden.GetProperty("r2").GetDouble(), values.RSquared);
    }

    private static (MetricSet Metrics, double[] Sums) Count(JsonElement golden, int top)
    {
        var metrics = new MetricSet(TargetKind.Classes, 7).WithConfusion(top);
        var sums = new double[metrics.Count];
        float[] labels = Singles(golden.GetProperty("labels"));
        for (int i = 0; i < labels.Length; i++) metrics.Add(0, Singles(golden.GetProperty("outputs")[i]), labels.AsSpan(i, 1), sums);
        return (metrics, sums);
    }

    private static void Equal(double? expected, double? actual)
    {
        Assert.Equal(expected.HasValue, actual.HasValue);
        if (expected is { } number) Assert.Equal(number, actual!.Value, 1e-12);
    }

    private static double? Number(JsonElement element) => element.ValueKind == JsonValueKind.Null ? null : element.GetDouble();

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetDouble())];

    private static float[] Singles(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetSingle())];

    private static JsonElement Read([CallerFilePath] string path = "") => JsonDocument.Parse(
        File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(path)!, "..", "Golden", "metrics.json"))).RootElement;
}
