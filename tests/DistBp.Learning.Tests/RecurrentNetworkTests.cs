using DistBp.Learning.Data;
using DistBp.Learning.Kernels.Recurrent;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using DistBp.Learning.Optimizers;

namespace DistBp.Learning.Tests;

/// <summary>Whole networks with recurrent layers: slopes, padding, initialization, exploding gradients.</summary>
public sealed class RecurrentNetworkTests
{
    private const int Steps = 5, Features = 3;

    public static TheoryData<string> Models => [.. s_models.Keys];

    private static readonly Dictionary<string, LayerDescription[]> s_models = new()
    {
        ["rnn"] = [new RecurrentDescription(null, RecurrentCell.Tanh, 4)],
        ["lstm"] = [new RecurrentDescription(null, RecurrentCell.Lstm, 4, Bidirectional: true)],
        ["gru"] = [new RecurrentDescription(null, RecurrentCell.Gru, 4, ReturnSequences: true)],
        ["stack"] =
        [
            new RecurrentDescription(null, RecurrentCell.Gru, 4, ReturnSequences: true, Bidirectional: true),
            new DenseDescription(null, 5, TimeDistributed: true), new ActivationDescription(null, ActivationKind.Gelu),
            new RecurrentDescription(null, RecurrentCell.Lstm, 3),
        ],
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void Gradients_are_the_slopes_of_the_loss(string model)
    {
        Network network = Build(s_models[model]);
        (NetworkWorkspace workspace, float[] parameters) = Start(network, 6, seed: 3);
        new int[] { 5, 2, 1, 4, 3, 5 }.CopyTo(workspace.Lengths);
        workspace.HasLengths = true;
        SliceRows rows = TestData.Slices(0, 4, 2);
        (float[] gradient, double[] sums) = Gradient(network, workspace, parameters, rows);
        double size = gradient.Max(Math.Abs);
        Assert.True(size > 1e-3);
        for (int i = 0; i < gradient.Length; i++)
        {
            double slope = (4 * Central(0.01f) - Central(0.02f)) / 3;
            Assert.True(Math.Abs(slope - gradient[i]) <= 2e-3 * size, $"parameter {i}: gradient {gradient[i]}, slope {slope}");

            double Central(float h)
            {
                float at = parameters[i], up = at + h, down = at - h;
                parameters[i] = up;
                network.Evaluate(workspace, parameters, rows, sums);
                double above = sums[0];
                parameters[i] = down;
                network.Evaluate(workspace, parameters, rows, sums);
                parameters[i] = at;
                return (above - sums[0]) / ((double)up - down);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_run_of_slices_gives_the_bits_of_each_slice_alone_added_along_the_tree(string model)
    {
        Network network = Build(s_models[model]);
        int[] counts = [3, 1, 0, 4, 2];
        (NetworkWorkspace whole, float[] parameters) = Start(network, counts.Sum(), seed: 4);
        (float[] gradient, _) = Gradient(network, whole, parameters, TestData.Slices(0, counts));

        Assert.Equal(AlongTree(new Subtree(0, counts.Length)), gradient);

        float[] AlongTree(Subtree node)
        {
            if (node.Count > 1) return [.. AlongTree(node.Left).Zip(AlongTree(node.Right), (a, b) => a + b)];
            int start = counts[..node.First].Sum(), count = counts[node.First], inputs = network.InputShape.ElementCount;
            NetworkWorkspace alone = network.CreateWorkspace(Math.Max(1, count), 1);
            whole.Inputs.Slice(start * inputs, count * inputs).CopyTo(alone.Inputs);
            whole.Targets.Slice(start * 2, count * 2).CopyTo(alone.Targets);
            return Gradient(network, alone, parameters, TestData.Slices(node.First, count)).Gradient;
        }
    }

    [Fact]
    public void What_stands_in_the_padding_changes_no_bit()
    {
        Network network = Build([new RecurrentDescription(null, RecurrentCell.Lstm, 4, ReturnSequences: true, Bidirectional: true), new RecurrentDescription(null, RecurrentCell.Gru, 4)]);
        (NetworkWorkspace workspace, float[] parameters) = Start(network, 2, seed: 5);
        workspace.HasLengths = true;
        new int[] { 2, 5 }.CopyTo(workspace.Lengths);
        (float[] expected, double[] loss) = Gradient(network, workspace, parameters, TestData.Slices(0, 2));
        workspace.Inputs[(2 * Features)..(Steps * Features)].Fill(1e6f);

        (float[] gradient, double[] sums) = Gradient(network, workspace, parameters, TestData.Slices(0, 2));

        Assert.Equal(expected, gradient);
        Assert.Equal(loss, sums);
    }

    [Fact]
    public void An_lstm_starts_with_open_forget_gates_and_the_gain_multiplies_recurrent_weights()
    {
        Network plain = Build([new RecurrentDescription("r", RecurrentCell.Lstm, 4)]);
        Network large = Build([new RecurrentDescription("r", RecurrentCell.Lstm, 4, RecurrentGain: 8)]);
        (_, float[] first) = Start(plain, 1, seed: 6);
        (_, float[] second) = Start(large, 1, seed: 6);
        foreach (ParameterView view in plain.Parameters.Views)
        {
            float factor = view.Name == "r.weightRecurrent" ? 8 : 1;
            Assert.Equal(first[view.Offset..view.End].Select(p => (double)p * factor), second[view.Offset..view.End].Select(p => (double)p), (a, b) => Math.Abs(a - b) < 1e-5);
        }
        ParameterView bias = plain.Parameters.Views.Single(v => v.Name == "r.biasInput");
        Assert.Equal([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0], first[bias.Offset..bias.End]);
    }

    [Fact]
    public void A_recurrent_layer_without_time_is_refused()
    {
        UserException e = Assert.Throws<UserException>(() => Network.Build(
            new ModelDescription(WeightInitialization.ByActivation, [new RecurrentDescription(null, RecurrentCell.Gru, 4)], []),
            new TensorShape(12), TestData.Target(LossKind.MeanSquaredError, 4), new LossDescription(LossKind.MeanSquaredError)));
        Assert.Contains("needs sequences [time, features]", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Sequences of 200 steps; the target is the mean of a feature, which a state must carry to the end.</summary>
    [Theory]
    [InlineData(RecurrentCell.Tanh, 1.5, 0.05)]
    [InlineData(RecurrentCell.Relu, 1.05, 0.02)]
    public void Large_recurrent_weights_over_200_steps_explode_and_clipping_makes_training_stable(RecurrentCell cell, double gain, double rate)
    {
        (double largestNorm, double first, double end) = Train(cell, gain, rate, clip: null);
        Assert.True(!(largestNorm < 1e3) && !(end < first), $"largest norm {largestNorm}, loss {first} to {end}");

        (largestNorm, first, end) = Train(cell, gain, rate, clip: 1);
        Assert.True(end < 0.5 * first, $"clipped: largest norm {largestNorm}, loss {first} to {end}");
    }

    private static (double LargestNorm, double First, double End) Train(RecurrentCell cell, double gain, double rate, double? clip)
    {
        const int steps = 200, rows = 16;
        Network network = Network.Build(
            new ModelDescription(
                WeightInitialization.ByActivation,
                [new RecurrentDescription(null, cell, 24, RecurrentGain: gain), new DenseDescription(null, 1)], []),
            new TensorShape(steps, 2), TestData.Target(LossKind.MeanSquaredError, 1), new LossDescription(LossKind.MeanSquaredError));
        var training = new SingleThreadTraining(network, new SgdDescription(rate), new ClipDescription(GlobalNorm: clip), rows, 2);
        network.InitializeParameters(1, training.Parameters);
        SliceRows slices = TestData.Slices(0, rows / 2, rows / 2);
        double largest = 0, first = 0, end = 0;
        const int updates = 300;
        for (int step = 0; step < updates; step++)
        {
            Fill(training.Workspace, new Random(step), rows, steps);
            training.Step(slices, new StepIdentity(1, step));
            largest = double.IsNaN(largest) ? largest : Math.Max(largest, training.LastClip.GlobalNorm);
            double loss = training.Sums[0] / rows;
            if (step < 20) first += loss / 20;
            if (step >= updates - 20) end += loss / 20;
        }
        return (largest, first, end);
    }

    private static void Fill(NetworkWorkspace workspace, Random random, int rows, int steps)
    {
        for (int r = 0; r < rows; r++)
        {
            float mean = (float)random.NextDouble() * 2 - 1;
            for (int t = 0; t < steps; t++)
            {
                workspace.Inputs[(r * steps + t) * 2] = mean + 0.1f * TestData.Normal(random);
                workspace.Inputs[(r * steps + t) * 2 + 1] = t / (float)steps;
            }
            workspace.Targets[r] = mean;
        }
    }

    private static Network Build(LayerDescription[] layers) => Network.Build(
        new ModelDescription(WeightInitialization.ByActivation, [.. layers, new DenseDescription(null, 2)], []),
        new TensorShape(Steps, Features), TestData.Target(LossKind.MeanSquaredError, 2), new LossDescription(LossKind.MeanSquaredError));

    private static (NetworkWorkspace Workspace, float[] Parameters) Start(Network network, int rows, int seed)
    {
        NetworkWorkspace workspace = network.CreateWorkspace(rows, Math.Max(1, rows));
        TestData.Fill(workspace, network, rows, new Random(seed));
        var parameters = new float[network.Parameters.Count];
        network.InitializeParameters(seed, parameters);
        return (workspace, parameters);
    }

    private static (float[] Gradient, double[] Sums) Gradient(Network network, NetworkWorkspace workspace, float[] parameters, SliceRows rows)
    {
        var gradient = new float[network.Parameters.TrainedCount];
        var sums = new double[network.Metrics.Count];
        Array.Fill(gradient, float.NaN);
        network.ComputeGradient(workspace, parameters, rows, default, gradient, sums);
        return (gradient, sums);
    }
}
