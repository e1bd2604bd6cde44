using DistBp.Learning.Data;
using DistBp.Learning.Metrics;

namespace DistBp.Learning.Tests.Metrics;

public sealed class MetricValuesTests
{
    [Fact]
    public void Values_have_the_errors_of_their_definitions()
    {
        var metrics = new MetricSet(TargetKind.Values, 1);
        var sums = new double[metrics.Count];
        float[] targets = [1, 2, 3, 6], predictions = [1.5f, 2, 2, 7];
        for (int i = 0; i < targets.Length; i++) metrics.Add(0.25, predictions.AsSpan(i, 1), targets.AsSpan(i, 1), sums);

        var values = MetricValues.Of(metrics, sums);

        Assert.Equal(0.25, values.Loss);
        Assert.Equal(4, values.Samples);
        Assert.Null(values.Accuracy);
        Assert.Equal(2.5 / 4, values.MeanAbsoluteError!.Value, 1e-12);
        Assert.Equal(Math.Sqrt(2.25 / 4), values.RootMeanSquaredError!.Value, 1e-12);
        Assert.Equal(1 - 2.25 / 14, values.RSquared!.Value, 1e-12);
    }

    [Fact]
    public void Classes_have_an_accuracy_and_the_first_of_equal_outputs_counts()
    {
        var metrics = new MetricSet(TargetKind.Classes, 3).WithConfusion();
        var sums = new double[metrics.Count];
        metrics.Add(1, [0, 2, 2], [1], sums);
        metrics.Add(3, [0, 2, 2], [2], sums);
        var values = MetricValues.Of(metrics, sums);
        Assert.Equal(2, values.Loss);
        Assert.Equal(0.5, values.Accuracy);
        var matrix = new ConfusionMatrix(metrics, sums);
        Assert.Equal((1, 1, 0), (matrix[1, 1], matrix[2, 1], matrix[2, 2]));
    }

    [Fact]
    public void Several_binary_outputs_count_the_share_of_right_ones()
    {
        var metrics = new MetricSet(TargetKind.Binary, 4);
        var sums = new double[metrics.Count];
        metrics.Add(1, [-1, 2, 3, -4], [0, 1, 0, 0], sums);
        Assert.Equal(0.75, MetricValues.Of(metrics, sums).Accuracy);
        Assert.Same(metrics, metrics.WithConfusion());
    }
}
