using DistBp.Learning.Data;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using DistBp.Learning.Metrics;

namespace DistBp.Learning.Tests.Losses;

/// <summary>A class for each step of a sequence.</summary>
public sealed class SequenceLossTests
{
    private const int Steps = 300, Classes = 5;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(Steps)]
    public void The_loss_of_a_sequence_is_the_mean_of_its_steps(int steps)
    {
        var random = new Random(20261121);
        float[] z = [.. Enumerable.Range(0, 2 * steps * Classes).Select(_ => TestData.Normal(random))];
        float[] labels = [.. Enumerable.Range(0, 2 * steps).Select(_ => (float)random.Next(Classes))];
        float[] dz = new float[z.Length], losses = new float[2], each = new float[2 * steps], dEach = new float[z.Length];
        Loss.Create(new LossDescription(LossKind.SoftmaxCrossEntropy), steps).Compute(z, labels, dz, losses, steps * Classes);
        Loss.Create(new LossDescription(LossKind.SoftmaxCrossEntropy)).Compute(z, labels, dEach, each, Classes);
        Assert.Equal(each[..steps].Average(), losses[0], 1e-5);
        Assert.Equal(each[steps..].Average(), losses[1], 1e-5);
        for (int i = 0; i < z.Length; i++) Assert.Equal(dEach[i] * (1f / steps), dz[i]);
    }

    [Fact]
    public void Padding_changes_neither_loss_nor_gradient_nor_accuracy()
    {
        float[] z = [2, 0, 0, 3, float.NaN, 9], labels = [0, 1, 7], dz = new float[6], losses = new float[1];
        Loss.Create(new LossDescription(LossKind.SoftmaxCrossEntropy), 3).Compute(z, labels, dz, losses, 6, [2]);
        double first = Math.Log(1 + Math.Exp(-2)), second = Math.Log(1 + Math.Exp(-3));
        Assert.Equal((first + second) / 2, losses[0], 1e-6);
        Assert.Equal(-0.5 * (1 - Math.Exp(-first)), dz[0], 1e-6);
        Assert.Equal([0f, 0], dz[4..]);
    }

    [Fact]
    public void Accuracy_and_perplexity_are_of_the_steps_and_there_is_no_confusion_matrix()
    {
        var metrics = new MetricSet(TargetKind.Classes, 6, classSteps: 3);
        Assert.Same(metrics, metrics.WithConfusion());
        var sums = new double[metrics.Count];
        metrics.Add(Math.Log(4), [2, 0, 0, 3, 0, 1], [0, 1, 0], sums);
        metrics.Add(Math.Log(4), [2, 0], [1], sums);
        MetricValues values = MetricValues.Of(metrics, sums);
        Assert.Equal(2 / 3.0 / 2, values.Accuracy!.Value, 1e-12);
        Assert.Equal(4, values.Perplexity!.Value, 1e-12);
        Assert.Null(MetricValues.Of(new MetricSet(TargetKind.Classes, 3), [1, 1, 1]).Perplexity);
    }

    [Fact]
    public void A_network_learns_a_class_for_each_step_with_slices_that_change_no_bit()
    {
        Network network = Build(Classes * 4);
        NetworkWorkspace workspace = network.CreateWorkspace(6, 2), half = network.CreateWorkspace(3, 1);
        var random = new Random(7);
        TestData.Fill(workspace, network, 6, random);
        workspace.HasLengths = half.HasLengths = true;
        for (int i = 0; i < 6; i++) workspace.Lengths[i] = 1 + i % 4;
        var parameters = new float[network.Parameters.Count];
        network.InitializeParameters(3, parameters);
        float[] whole = new float[parameters.Length], left = new float[parameters.Length], right = new float[parameters.Length];
        double[] sums = new double[3], leftSums = new double[3], rightSums = new double[3];
        SliceRows rows = TestData.Slices(0, 3, 3);
        network.ComputeGradient(workspace, parameters, rows, new StepIdentity(1, 0), whole, sums);
        Half(0, left, leftSums);
        Half(3, right, rightSums);
        for (int i = 0; i < whole.Length; i++) Assert.Equal(left[i] + right[i], whole[i]);
        for (int i = 0; i < sums.Length; i++) Assert.Equal(leftSums[i] + rightSums[i], sums[i]);
        Assert.InRange(sums[2], 0, 6);

        long before = GC.GetAllocatedBytesForCurrentThread();
        network.ComputeGradient(workspace, parameters, rows, new StepIdentity(1, 0), whole, sums);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Half(int first, float[] gradient, double[] into)
        {
            workspace.Inputs.Slice(first * 2, 6).CopyTo(half.Inputs);
            workspace.Targets.Slice(first * 4, 12).CopyTo(half.Targets);
            workspace.Lengths.Slice(first, 3).CopyTo(half.Lengths);
            network.ComputeGradient(half, parameters, TestData.Slices(first / 3, 3), new StepIdentity(1, 0), gradient, into);
        }
    }

    [Fact]
    public void Predictions_are_probabilities_of_each_step()
    {
        Network network = Build(Classes * 4);
        NetworkWorkspace workspace = network.CreateWorkspace(2, 1);
        TestData.Fill(workspace, network, 2, new Random(1));
        var parameters = new float[network.Parameters.Count];
        network.InitializeParameters(3, parameters);
        var outputs = new float[2 * 4 * Classes];
        network.Predict(workspace, parameters, 2, outputs);
        for (int step = 0; step < 8; step++) Assert.Equal(1, outputs.AsSpan(step * Classes, Classes).ToArray().Sum(), 1e-5);
    }

    [Fact]
    public void An_end_that_does_not_fit_is_refused_with_the_layer_that_would()
    {
        var problem = Assert.Throws<UserException>(() => Build(Classes));
        Assert.Contains("expected [4, 5]", problem.Message, StringComparison.Ordinal);
        Assert.Contains("dense: {units: 5, timeDistributed: true}", problem.Message, StringComparison.Ordinal);
    }

    private static Network Build(int units) => Network.Build(
        new ModelDescription(WeightInitialization.ByActivation, [new DenseDescription(null, units)], []), new TensorShape(2),
        new TargetDescription(TargetKind.Classes, new TensorShape(4), Classes), new LossDescription(LossKind.SoftmaxCrossEntropy));
}
