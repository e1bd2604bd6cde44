using DistBp.Learning.Kernels;
using DistBp.Learning.Layers;

namespace DistBp.Learning.Tests.Layers;

public sealed class RegularizingLayerTests
{
    private static readonly StepIdentity s_step = new(5, 12);

    [Fact]
    public void Gradients_are_the_slopes_of_the_loss_in_training()
    {
        Network network = RegularizingNetwork.Build();
        SliceRows rows = TestData.Slices(3, 2, 3);
        (NetworkWorkspace workspace, float[] parameters) = Prepare(network, 5, 2);
        (float[] gradient, _) = Compute(network, workspace, parameters, rows, s_step);
        double size = gradient.Max(Math.Abs);
        Assert.True(size > 1e-2, "a gradient of zeros proves nothing");
        for (int i = 0; i < gradient.Length; i++)
        {
            // Richardson's step from h and h/2 removes the error in h².
            double slope = (4 * Slope(i, 0.005f) - Slope(i, 0.01f)) / 3;
            Assert.True(Math.Abs(slope - gradient[i]) <= 1e-3 * size, $"parameter {i}: gradient {gradient[i]}, slope {slope}, largest {size}");
        }

        double Slope(int index, float h)
        {
            float at = parameters[index], up = at + h, down = at - h;
            parameters[index] = up;
            double above = Compute(network, workspace, parameters, rows, s_step).Sums[0];
            parameters[index] = down;
            double below = Compute(network, workspace, parameters, rows, s_step).Sums[0];
            parameters[index] = at;
            return (above - below) / ((double)up - down);
        }
    }

    [Theory]
    [InlineData(new int[] { 3, 3, 3, 3, 3, 2 })]
    [InlineData(new int[] { 4, 0, 1, 0, 7 })]
    [InlineData(new int[] { 1 })]
    [InlineData(new int[] { 0, 0, 2 })]
    public void A_run_of_slices_gives_the_bits_of_each_slice_alone_added_along_the_tree(int[] counts)
    {
        Network network = RegularizingNetwork.Build();
        (NetworkWorkspace whole, float[] parameters) = Prepare(network, counts.Sum(), counts.Length);
        (float[] gradient, double[] sums) = Compute(network, whole, parameters, TestData.Slices(0, counts), s_step);

        (float[] expected, double[] expectedSums) = AlongTree(new Subtree(0, counts.Length));

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
            whole.Inputs.Slice(start * 10, count * 10).CopyTo(workspace.Inputs);
            whole.Targets.Slice(start, count).CopyTo(workspace.Targets);
            return Compute(network, workspace, parameters, TestData.Slices(slice, count), s_step);
        }
    }

    [Fact]
    public void Dropout_draws_anew_for_each_seed_step_slice_and_layer_and_rests_in_evaluation()
    {
        Network network = RegularizingNetwork.Build();
        (NetworkWorkspace workspace, float[] parameters) = Prepare(network, 8, 2);
        double[] losses = [Loss(0, s_step), Loss(0, new(6, 12)), Loss(0, new(5, 13)), Loss(1, s_step)];
        Assert.Equal(4, losses.Distinct().Count());
        Assert.Equal(losses[0], Loss(0, s_step));

        LayerDescription[] without = [.. RegularizingNetwork.Layers.Select(Without).OfType<LayerDescription>()];
        Network plain = RegularizingNetwork.Build(without);
        double[] expected = new double[network.Metrics.Count], actual = new double[network.Metrics.Count];
        NetworkWorkspace other = plain.CreateWorkspace(8, 2);
        workspace.Inputs.CopyTo(other.Inputs);
        workspace.Targets.CopyTo(other.Targets);
        plain.Evaluate(other, parameters, TestData.Slices(0, 4, 4), expected);
        network.Evaluate(workspace, parameters, TestData.Slices(0, 4, 4), actual);
        Assert.Equal(expected, actual);

        double Loss(int firstSlice, StepIdentity step) =>
            Compute(network, workspace, parameters, TestData.Slices(firstSlice, 4, 4), step).Sums[0];

        static LayerDescription? Without(LayerDescription layer) => layer switch
        {
            DropoutDescription => null,
            ResidualDescription r => r with { Layers = [.. r.Layers.Select(Without).OfType<LayerDescription>()] },
            _ => layer,
        };
    }

    [Fact]
    public void Inner_layers_have_names_among_all_and_are_frozen_one_by_one_or_with_their_residual()
    {
        Assert.Equal(
            [
                "rows", "dropout1", "first", "outer.input", "layerNorm2", "inside", "dropout2", "residual2.input", "deepest", "residual2", "dense4",
                "outer", "tanh2", "dropout3", "last",
            ],
            RegularizingNetwork.Build().Layers.Select(l => l.Name));
        Assert.Equal(["inside.weight", "inside.bias"], Frozen("inside"));
        Assert.Equal(["deepest.weight", "deepest.bias"], Frozen("residual2"));
        Assert.Equal(
            [
                "layerNorm2.weight", "layerNorm2.bias", "inside.weight", "inside.bias", "deepest.weight", "deepest.bias", "dense4.weight",
                "dense4.bias",
            ],
            Frozen("outer"));

        static IEnumerable<string> Frozen(string name) =>
            RegularizingNetwork.Build(name).Parameters.Views.Where(v => !v.Trained).Select(v => v.Name);
    }

    [Theory]
    [InlineData("rows", "first")]
    [InlineData("rows", "first", "outer")]
    [InlineData("outer")]
    [InlineData("rows", "first", "layerNorm2", "inside")]
    public void Freezing_layers_changes_no_other_gradient(params string[] frozen)
    {
        Network free = RegularizingNetwork.Build(), part = RegularizingNetwork.Build(frozen);
        (NetworkWorkspace workspace, float[] parameters) = Prepare(free, 6, 2);
        NetworkWorkspace other = part.CreateWorkspace(6, 2);
        workspace.Inputs.CopyTo(other.Inputs);
        workspace.Targets.CopyTo(other.Targets);
        var moved = new float[parameters.Length];
        foreach (ParameterView view in free.Parameters.Views)
            parameters.AsSpan(view.Offset, view.Count).CopyTo(moved.AsSpan(part.Parameters.Views.Single(v => v.Name == view.Name).Offset));
        float[] all = Compute(free, workspace, parameters, TestData.Slices(0, 3, 3), s_step).Gradient;
        float[] some = Compute(part, other, moved, TestData.Slices(0, 3, 3), s_step).Gradient;
        Assert.True(some.Length < all.Length);
        foreach (ParameterView view in part.Parameters.Views.Where(v => v.Trained))
        {
            ParameterView same = free.Parameters.Views.Single(v => v.Name == view.Name);
            Assert.Equal(all.AsSpan(same.Offset, same.Count), some.AsSpan(view.Offset, view.Count));
        }
    }

    [Fact]
    public void A_residual_whose_layers_change_the_shape_is_refused_with_both_shapes_and_what_to_change()
    {
        LayerDescription[] layers =
        [
            new DenseDescription(null, 8), new ResidualDescription("block", [new DenseDescription(null, 9)]), new DenseDescription(null, 4),
        ];
        Problem problem = Assert.Single(Assert.Throws<UserException>(() => RegularizingNetwork.Build(layers)).Problems);
        Assert.Equal("layer 'block' adds what goes into it, [8], to what its layers make of it, [9]", problem.What);
        Assert.Equal("give its last layer as many outputs: '- dense: 8'", problem.Remedy);
    }

    private static (NetworkWorkspace Workspace, float[] Parameters) Prepare(Network network, int rows, int slices)
    {
        NetworkWorkspace workspace = network.CreateWorkspace(Math.Max(1, rows), slices);
        var random = new Random(11);
        TestData.Fill(workspace, network, rows, random);
        var parameters = new float[network.Parameters.Count];
        network.InitializeParameters(9, parameters);
        // Away from gains of 1 and offsets of 0.
        for (int i = 0; i < parameters.Length; i++) parameters[i] += 0.1f * TestData.Normal(random);
        return (workspace, parameters);
    }

    private static (float[] Gradient, double[] Sums) Compute(
        Network network, NetworkWorkspace workspace, float[] parameters, SliceRows rows, StepIdentity step)
    {
        // Poisoned: everything must be overwritten.
        var gradient = new float[network.Parameters.TrainedCount];
        var sums = new double[network.Metrics.Count];
        Array.Fill(gradient, float.NaN);
        Array.Fill(sums, double.NaN);
        network.ComputeGradient(workspace, parameters, rows, step, gradient, sums);
        return (gradient, sums);
    }
}
