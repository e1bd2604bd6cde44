using DistBp.Learning.Kernels;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using DistBp.Learning.Optimizers;

namespace DistBp.Learning.Tests;

[Collection(AloneCollection.Name)]
public sealed class ConvolutionalNetworkTests
{
    [Theory]
    [InlineData(ActivationKind.Tanh)]
    [InlineData(ActivationKind.Gelu)]
    [InlineData(ActivationKind.Sigmoid)]
    public void Gradients_are_the_slopes_of_the_loss(ActivationKind activation)
    {
        Network network = ConvolutionalNetwork.Build(activation, pool: PoolKind.Average);
        AreSlopes(network, ConvolutionalNetwork.Parameters(network), rows: 5, seed: 3);
    }

    /// <summary>Where the largest pixel of a window changes there is a corner: so no runner-up is near.</summary>
    [Fact]
    public void Gradients_through_a_maximum_are_the_slopes_of_the_loss()
    {
        Network network = Network.Build(
            new ModelDescription(
                WeightInitialization.XavierNormal,
                [
                    new Conv2dDescription(null, 2) { Padding = Padding.Same }, new ActivationDescription(null, ActivationKind.Tanh),
                    new PoolDescription(null, PoolKind.Max, Plane.Square(2)), new DenseDescription(null, 3),
                ],
                []),
            new TensorShape(1, 4, 4), ConvolutionalNetwork.ThreeClasses, new LossDescription(LossKind.SoftmaxCrossEntropy));
        float[] parameters = ConvolutionalNetwork.Parameters(network);
        NetworkWorkspace workspace = network.CreateWorkspace(2, 2);
        int seed = Enumerable.Range(1, 1000).First(seed =>
        {
            TestData.Fill(workspace, network, 2, new Random(seed));
            network.Evaluate(workspace, parameters, TestData.Slices(0, 1, 1), new double[network.Metrics.Count]);
            return LeastLead(workspace.Output(0, 2), 4) > 0.04;
        });
        AreSlopes(network, parameters, rows: 2, seed);

        static float LeastLead(ReadOnlySpan<float> pixels, int side)
        {
            float least = float.PositiveInfinity;
            for (int at = 0; at < pixels.Length; at++)
            {
                if (at / side % 2 == 1 || at % 2 == 1) continue;
                float[] window = [pixels[at], pixels[at + 1], pixels[at + side], pixels[at + side + 1]];
                Array.Sort(window);
                least = Math.Min(least, window[3] - window[2]);
            }
            return least;
        }
    }

    private static void AreSlopes(Network network, float[] parameters, int rows, int seed)
    {
        NetworkWorkspace workspace = network.CreateWorkspace(rows, 2);
        TestData.Fill(workspace, network, rows, new Random(seed));
        SliceRows slices = TestData.Slices(0, 1, rows - 1);
        (float[] gradient, double[] sums) = ConvolutionalNetwork.Compute(network, workspace, parameters, slices);
        double size = gradient.Max(Math.Abs);
        Assert.True(size > 1e-3, "a gradient of zeros proves nothing");
        for (int i = 0; i < gradient.Length; i++)
        {
            double slope = (4 * Central(i, 0.005f) - Central(i, 0.01f)) / 3;
            Assert.True(Math.Abs(slope - gradient[i]) <= 1e-3 * size, $"parameter {i}: gradient {gradient[i]}, slope {slope}, largest {size}");
        }

        double Central(int index, float h)
        {
            float at = parameters[index], up = at + h, down = at - h;
            parameters[index] = up;
            network.Evaluate(workspace, parameters, slices, sums);
            double above = sums[0];
            parameters[index] = down;
            network.Evaluate(workspace, parameters, slices, sums);
            parameters[index] = at;
            return (above - sums[0]) / ((double)up - down);
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
        Network fused = ConvolutionalNetwork.Build(activation), apart = ConvolutionalNetwork.Build(activation, fuse: false);
        Assert.Equal(apart.Layers.Count - 3, fused.Layers.Count);
        float[] parameters = ConvolutionalNetwork.Parameters(fused);
        NetworkWorkspace first = fused.CreateWorkspace(7, 2), second = apart.CreateWorkspace(7, 2);
        TestData.Fill(first, fused, 7, new Random(2));
        TestData.Fill(second, apart, 7, new Random(2));
        SliceRows rows = TestData.Slices(0, 4, 3);

        (float[] gradient, double[] sums) = ConvolutionalNetwork.Compute(fused, first, parameters, rows);
        (float[] expected, double[] expectedSums) = ConvolutionalNetwork.Compute(apart, second, parameters, rows);

        Assert.Equal(expected, gradient);
        Assert.Equal(expectedSums, sums);
        Assert.Contains(gradient, g => g != 0);
    }

    [Theory]
    [InlineData(new int[] { 3, 3, 3, 3, 3, 2 })]
    [InlineData(new int[] { 4, 0, 1, 0, 7 })]
    [InlineData(new int[] { 0, 0, 2 })]
    [InlineData(new int[] { 5 })]
    public void A_subtree_of_slices_has_the_bits_of_its_slices_added_along_the_tree(int[] counts)
    {
        Network network = ConvolutionalNetwork.Build(ActivationKind.Relu);
        int total = counts.Sum(), elements = network.InputShape.ElementCount;
        float[] parameters = ConvolutionalNetwork.Parameters(network);
        NetworkWorkspace whole = network.CreateWorkspace(total, counts.Length);
        TestData.Fill(whole, network, total, new Random(11));
        (float[] gradient, double[] sums) = ConvolutionalNetwork.Compute(network, whole, parameters, TestData.Slices(0, counts));
        var tree = new (float[] Gradient, double[] Sums)[counts.Length];
        for (int slice = 0, start = 0; slice < counts.Length; start += counts[slice++])
        {
            NetworkWorkspace alone = network.CreateWorkspace(Math.Max(1, counts[slice]), 1);
            whole.Inputs.Slice(start * elements, counts[slice] * elements).CopyTo(alone.Inputs);
            whole.Targets.Slice(start, counts[slice]).CopyTo(alone.Targets);
            tree[slice] = ConvolutionalNetwork.Compute(network, alone, parameters, TestData.Slices(slice, counts[slice]));
        }
        (float[] expected, double[] expectedSums) = Sum(new Subtree(0, counts.Length));
        Assert.Equal(expected, gradient);
        Assert.Equal(expectedSums, sums);

        (float[] Gradient, double[] Sums) Sum(Subtree node)
        {
            if (node.Count == 1) return tree[node.First];
            (float[] Gradient, double[] Sums) left = Sum(node.Left), right = Sum(node.Right);
            return ([.. left.Gradient.Zip(right.Gradient, (a, b) => a + b)], [.. left.Sums.Zip(right.Sums, (a, b) => a + b)]);
        }
    }

    [Fact]
    public void A_thousand_warm_steps_allocate_nothing()
    {
        Network network = ConvolutionalNetwork.Build(ActivationKind.Relu);
        var training = new SingleThreadTraining(network, new AdamDescription(), new ClipDescription(GlobalNorm: 1), maxRows: 8, maxSlices: 4);
        network.InitializeParameters(1, training.Parameters);
        TestData.Fill(training.Workspace, network, 8, new Random(1));
        SliceRows rows = TestData.Slices(0, 2, 2, 2, 2);
        for (int step = 0; step < 50; step++) training.Step(rows, new StepIdentity(1, step));

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 50; step < 1050; step++) training.Step(rows, new StepIdentity(1, step));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_picture_without_channels_is_refused_with_the_shape_to_set()
    {
        UserException e = Assert.Throws<UserException>(() => Of(new TensorShape(28, 28), new Conv2dDescription("first", 8)));
        Assert.Contains("layer 'first' takes pictures [channels, height, width], but gets the shape [28, 28]", e.Message, StringComparison.Ordinal);
        Assert.Contains("data.shape: [1, 28, 28]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Windows_that_do_not_fit_and_groups_that_do_not_divide_are_refused()
    {
        Refused("windows of [3, 3] pixels", new Conv2dDescription(null, 8), new TensorShape(1, 2, 5));
        Refused("cuts 3 channels into 2 groups", new Conv2dDescription(null, 8) { Groups = 2 }, new TensorShape(3, 5, 5));
        Refused("cuts 7 filters into 3 groups", new Conv2dDescription(null, 7) { Groups = 3 }, new TensorShape(3, 5, 5));
        Refused(
            "more than half of its windows",
            new PoolDescription(null, PoolKind.Max, Plane.Square(2), null, new Padding(PaddingKind.Pixels, new(2, 1))),
            new TensorShape(3, 5, 5));
        Refused("takes pictures", new GlobalAveragePoolDescription(null), new TensorShape(3, 5, 5, 2));

        static void Refused(string what, LayerDescription layer, TensorShape shape)
            => Assert.Contains(what, Assert.Throws<UserException>(() => Of(shape, layer)).Message, StringComparison.Ordinal);
    }

    private static Network Of(TensorShape shape, LayerDescription layer) => Network.Build(
        new ModelDescription(WeightInitialization.ByActivation, [layer, new DenseDescription(null, 3)], []), shape,
        ConvolutionalNetwork.ThreeClasses, new LossDescription(LossKind.SoftmaxCrossEntropy));
}
