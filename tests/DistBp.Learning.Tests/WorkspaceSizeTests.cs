using DistBp.Learning.Kernels;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;

namespace DistBp.Learning.Tests;

/// <summary>A network that remembers much passes a few slices at a time, and nobody can tell.</summary>
public sealed class WorkspaceSizeTests
{
    private const int MaxSliceRows = 3;
    private static readonly int[] s_counts = [3, 3, 0, 2, 3, 1, 3];

    [Fact]
    public void Passes_of_few_slices_give_the_bits_of_one_pass()
    {
        // 350,000 floats between the layers for each sample: four at a time.
        Network network = Network.Build(
            new ModelDescription(
                WeightInitialization.ByActivation,
                [
                    new Conv2dDescription(null, 200) { Kernel = Plane.Square(1) }, new ActivationDescription(null, ActivationKind.Relu),
                    new PoolDescription(null, PoolKind.Max, Plane.Square(4)), new FlattenDescription(null), new DenseDescription(null, 3),
                    new FlattenDescription(null),
                ],
                []),
            new TensorShape(1, 24, 24), ConvolutionalNetwork.ThreeClasses, new LossDescription(LossKind.SoftmaxCrossEntropy));
        int total = s_counts.Sum();
        NetworkWorkspace whole = network.CreateWorkspace(total, s_counts.Length), small = network.CreateWorkspace(total, s_counts.Length, MaxSliceRows);
        Assert.Equal(total, whole.PassRows);
        Assert.InRange(small.PassRows, MaxSliceRows, total - 1);
        TestData.Fill(whole, network, total, new Random(1));
        whole.Inputs.CopyTo(small.Inputs);
        whole.Targets.CopyTo(small.Targets);
        float[] parameters = ConvolutionalNetwork.Parameters(network);
        SliceRows rows = TestData.Slices(3, s_counts);

        (float[] expected, double[] expectedSums) = ConvolutionalNetwork.Compute(network, whole, parameters, rows);
        for (int again = 0; again < 2; again++)
        {
            (float[] gradient, double[] sums) = ConvolutionalNetwork.Compute(network, small, parameters, rows);
            Assert.Equal(expected, gradient);
            Assert.Equal(expectedSums, sums);
        }

        var evaluated = new double[network.Metrics.Count];
        network.Evaluate(small, parameters, rows, evaluated);
        Assert.Equal(expectedSums, evaluated);
        float[] outputs = new float[total * 3], expectedOutputs = new float[total * 3];
        network.Predict(small, parameters, total, outputs);
        network.Predict(whole, parameters, total, expectedOutputs);
        Assert.Equal(expectedOutputs, outputs);
    }
}
