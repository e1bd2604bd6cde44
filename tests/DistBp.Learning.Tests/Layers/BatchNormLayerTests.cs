using DistBp.Learning.Kernels;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using DistBp.Learning.Tests.Kernels;

namespace DistBp.Learning.Tests.Layers;

public sealed class BatchNormLayerTests
{
    private static readonly int[] s_slices = [4, 3, 0, 5, 1];

    public static TheoryData<bool> FeaturesAndPlanes => [false, true];

    [Theory]
    [MemberData(nameof(FeaturesAndPlanes))]
    public void Gradients_are_the_slopes_of_the_loss_of_training(bool planes)
    {
        Network network = Build(planes);
        NetworkWorkspace workspace = network.CreateWorkspace(12, 3);
        SliceRows rows = TestData.Slices(0, 4, 3, 5);
        float[] parameters = Parameters(network);
        TestData.Fill(workspace, network, 12, new Random(2));
        float[] gradient = new float[network.Parameters.UpdatedCount], scratch = new float[gradient.Length];
        var sums = new double[network.Metrics.Count];
        network.ComputeGradient(workspace, parameters, rows, default, gradient, sums);
        double size = gradient.AsSpan(0, network.Parameters.TrainedCount).ToArray().Max(Math.Abs);
        for (int i = 0; i < network.Parameters.TrainedCount; i++)
        {
            double slope = (4 * Central(0.005f) - Central(0.01f)) / 3, error = Math.Abs(slope - gradient[i]);
            Assert.True(error <= 2e-3 * size, $"parameter {i}: gradient {gradient[i]}, slope {slope}, largest {size}");

            double Central(float h) => (Loss(i, h) - Loss(i, -h)) / (2.0 * h);
        }

        double Loss(int i, float h)
        {
            float at = parameters[i];
            parameters[i] = at + h;
            network.ComputeGradient(workspace, parameters, rows, default, scratch, sums);
            parameters[i] = at;
            return sums[0];
        }
    }

    [Theory]
    [MemberData(nameof(FeaturesAndPlanes))]
    public void A_run_of_slices_gives_gradients_and_statistics_of_each_slice_alone_added_along_the_tree(bool planes)
    {
        Network network = Build(planes);
        float[] parameters = Parameters(network);
        NetworkWorkspace whole = network.CreateWorkspace(13, s_slices.Length);
        TestData.Fill(whole, network, 13, new Random(7));
        float[] gradient = Compute(whole, TestData.Slices(0, s_slices));
        KernelTesting.SameBits(AlongTree(new Subtree(0, s_slices.Length)), gradient, "gradient");

        float[] AlongTree(Subtree node)
        {
            if (node.Count == 1) return Alone(node.First);
            float[] left = AlongTree(node.Left);
            GradientReduction.Add(left, AlongTree(node.Right), left);
            return left;
        }

        float[] Alone(int slice)
        {
            int start = s_slices[..slice].Sum(), count = s_slices[slice], inputs = network.InputShape.ElementCount;
            NetworkWorkspace workspace = network.CreateWorkspace(Math.Max(1, count), 1);
            whole.Inputs.Slice(start * inputs, count * inputs).CopyTo(workspace.Inputs);
            whole.Targets.Slice(start, count).CopyTo(workspace.Targets);
            return Compute(workspace, TestData.Slices(slice, count));
        }

        float[] Compute(NetworkWorkspace workspace, SliceRows rows)
        {
            var result = new float[network.Parameters.UpdatedCount];
            Array.Fill(result, float.NaN);
            network.ComputeGradient(workspace, parameters, rows, default, result, new double[network.Metrics.Count]);
            return result;
        }
    }

    [Fact]
    public void Running_statistics_come_after_what_is_trained_and_before_what_is_frozen()
    {
        LayerDescription[] layers =
            [new DenseDescription("first", 4), new BatchNormDescription("held"), new BatchNormDescription("norm"), new DenseDescription("last", 3)];
        Network network = Network.Build(
            new ModelDescription(WeightInitialization.ByActivation, layers, ["first", "held"]), new TensorShape(2),
            TestData.Target(LossKind.SoftmaxCrossEntropy, 3), new LossDescription(LossKind.SoftmaxCrossEntropy));
        Assert.Equal(
            [
                "norm.weight", "norm.bias", "last.weight", "last.bias", "norm.runningMean", "norm.runningVariance", "first.weight", "first.bias",
                "held.weight", "held.bias", "held.runningMean", "held.runningVariance",
            ],
            network.Parameters.Views.Select(v => v.Name));
        Assert.Equal((23, 31), (network.Parameters.TrainedCount, network.Parameters.UpdatedCount));
        Assert.All(Parameters(network)[27..31], variance => Assert.Equal(1, variance));
    }

    [Fact]
    public void A_sequence_is_refused()
    {
        UserException error = Assert.Throws<UserException>(() => Network.Build(
            new ModelDescription(WeightInitialization.ByActivation, [new BatchNormDescription("norm"), new DenseDescription(null, 3)], []),
            new TensorShape(7, 2), TestData.Target(LossKind.SoftmaxCrossEntropy, 3), new LossDescription(LossKind.SoftmaxCrossEntropy)));
        Assert.Contains("layer 'norm' gets the shape [7, 2]", error.Message, StringComparison.Ordinal);
    }

    private static Network Build(bool planes)
    {
        LayerDescription[] layers = planes
            ? [new BatchNormDescription(null), new DenseDescription(null, 6), new ActivationDescription(null, ActivationKind.Tanh), new DenseDescription(null, 3)]
            : [new DenseDescription(null, 6), new BatchNormDescription(null), new ActivationDescription(null, ActivationKind.Tanh), new DenseDescription(null, 3)];
        return Network.Build(
            new ModelDescription(WeightInitialization.XavierNormal, layers, []), planes ? new TensorShape(2, 3, 1) : new TensorShape(4),
            TestData.Target(LossKind.SoftmaxCrossEntropy, 3), new LossDescription(LossKind.SoftmaxCrossEntropy));
    }

    private static float[] Parameters(Network network)
    {
        var parameters = new float[network.Parameters.Count];
        network.InitializeParameters(3, parameters);
        return parameters;
    }

}
