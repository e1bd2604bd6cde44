using DistBp.Learning.Data;
using DistBp.Learning.Kernels;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using DistBp.Learning.Metrics;

namespace DistBp.Learning.Tests;

public sealed class NetworkSliceTests
{
    private static readonly StepIdentity s_step = new(5, 12);

    [Theory]
    [InlineData(new int[] { 3, 3, 3, 3, 3, 2 })]
    [InlineData(new int[] { 4, 0, 1, 0, 7 })]
    [InlineData(new int[] { 1 })]
    [InlineData(new int[] { 0, 0, 2 })]
    [InlineData(new int[] { 0, 0 })]
    [InlineData(new int[] { })]
    public void A_run_of_slices_gives_the_bits_of_each_slice_alone_added_along_the_tree(int[] counts)
    {
        Network network = Build(fuse: true, ActivationKind.Gelu);
        int total = counts.Sum();
        NetworkWorkspace whole = network.CreateWorkspace(Math.Max(1, total), Math.Max(1, counts.Length));
        float[] parameters = Parameters(network);
        TestData.Fill(whole, network, total, new Random(11));
        (float[] gradient, double[] sums) = Compute(network, whole, parameters, TestData.Slices(0, counts));

        (float[] expected, double[] expectedSums) = counts.Length == 0
            ? (new float[gradient.Length], new double[sums.Length])
            : AlongTree(new Subtree(0, counts.Length));

        Assert.Equal(expected, gradient);
        Assert.Equal(expectedSums, sums);

        (float[], double[]) AlongTree(Subtree node)
        {
            if (node.Count == 1) return Alone(node.First);
            (float[] left, double[] leftSums) = AlongTree(node.Left);
            (float[] right, double[] rightSums) = AlongTree(node.Right);
            GradientReduction.Add(left, right, left);
            return (left, [.. leftSums.Zip(rightSums, (a, b) => a + b)]);
        }

        (float[], double[]) Alone(int slice)
        {
            int start = counts[..slice].Sum(), count = counts[slice];
            NetworkWorkspace workspace = network.CreateWorkspace(Math.Max(1, count), 1);
            int inputs = network.InputShape.ElementCount;
            whole.Inputs.Slice(start * inputs, count * inputs).CopyTo(workspace.Inputs);
            whole.Targets.Slice(start, count).CopyTo(workspace.Targets);
            return Compute(network, workspace, parameters, TestData.Slices(slice, count));
        }
    }

    [Theory]
    [InlineData(ActivationKind.Sigmoid)]
    [InlineData(ActivationKind.Tanh)]
    [InlineData(ActivationKind.Relu)]
    [InlineData(ActivationKind.LeakyRelu)]
    [InlineData(ActivationKind.Gelu)]
    public void A_fused_activation_gives_the_bits_of_one_that_stands_alone(ActivationKind activation)
    {
        Network fused = Build(fuse: true, activation), apart = Build(fuse: false, activation);
        Assert.Equal(3, fused.Layers.Count);
        Assert.Equal(5, apart.Layers.Count);
        Assert.Equal(apart.Parameters.Views.Select(v => v.Name), fused.Parameters.Views.Select(v => v.Name));
        float[] parameters = Parameters(fused);
        Assert.Equal(Parameters(apart), parameters);
        NetworkWorkspace first = fused.CreateWorkspace(13, 3), second = apart.CreateWorkspace(13, 3);
        TestData.Fill(first, fused, 13, new Random(2));
        TestData.Fill(second, apart, 13, new Random(2));
        SliceRows rows = TestData.Slices(0, 5, 5, 3);

        (float[] gradient, double[] sums) = Compute(fused, first, parameters, rows);
        (float[] expected, double[] expectedSums) = Compute(apart, second, parameters, rows);

        Assert.Equal(expected, gradient);
        Assert.Equal(expectedSums, sums);
        Assert.Contains(gradient, g => g != 0);
    }

    [Fact]
    public void Evaluate_gives_the_sums_of_ComputeGradient_and_the_confusion_matrix_counts_each_sample()
    {
        Network network = Build(fuse: true, ActivationKind.Tanh);
        float[] parameters = Parameters(network);
        NetworkWorkspace workspace = network.CreateWorkspace(20, 4);
        TestData.Fill(workspace, network, 20, new Random(4));
        SliceRows rows = TestData.Slices(0, 6, 6, 6, 2);
        (_, double[] sums) = Compute(network, workspace, parameters, rows);
        MetricSet metrics = network.Metrics.WithConfusion();
        var evaluated = new double[metrics.Count];

        network.Evaluate(workspace, parameters, rows, evaluated, metrics);

        Assert.Equal(sums, evaluated[..3]);
        var matrix = new ConfusionMatrix(metrics, evaluated);
        long all = 0, right = 0;
        for (int actual = 0; actual < 4; actual++)
        {
            for (int predicted = 0; predicted < 4; predicted++)
            {
                all += matrix[actual, predicted];
                if (actual == predicted) right += matrix[actual, predicted];
            }
        }
        Assert.Equal(20, all);
        Assert.Equal(sums[2], right);
    }

    [Fact]
    public void Predict_gives_probabilities_that_add_up_to_1()
    {
        Network network = Build(fuse: true, ActivationKind.Relu);
        NetworkWorkspace workspace = network.CreateWorkspace(7, 1);
        TestData.Fill(workspace, network, 7, new Random(4));
        var outputs = new float[7 * 4];

        network.Predict(workspace, Parameters(network), 7, outputs);

        foreach (float[] row in outputs.Chunk(4))
        {
            Assert.All(row, p => Assert.InRange(p, 0, 1));
            Assert.Equal(1, row.Sum(), 1e-5);
        }
    }

    private static Network Build(bool fuse, ActivationKind activation) => new NetworkBuilder(
        new ModelDescription(
            WeightInitialization.ByActivation,
            [
                new DenseDescription(null, 9), new ActivationDescription(null, activation), new DenseDescription("middle", 17),
                new ActivationDescription(null, activation), new DenseDescription(null, 4),
            ],
            []),
        new TensorShape(1, 5, 3), new TargetDescription(TargetKind.Classes, new TensorShape(), 4),
        new LossDescription(LossKind.SoftmaxCrossEntropy), fuse).Build();

    private static float[] Parameters(Network network)
    {
        var parameters = new float[network.Parameters.Count];
        network.InitializeParameters(9, parameters);
        return parameters;
    }

    private static (float[] Gradient, double[] Sums) Compute(
        Network network, NetworkWorkspace workspace, float[] parameters, SliceRows rows)
    {
        // Poisoned: everything must be overwritten.
        var gradient = new float[network.Parameters.TrainedCount];
        var sums = new double[network.Metrics.Count];
        Array.Fill(gradient, float.NaN);
        Array.Fill(sums, double.NaN);
        network.ComputeGradient(workspace, parameters, rows, s_step, gradient, sums);
        return (gradient, sums);
    }
}
