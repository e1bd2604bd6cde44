using DistBp.Learning.Data;
using DistBp.Learning.Losses;
using DistBp.Learning.Optimizers;
using Xunit.Abstractions;

namespace DistBp.Learning.Tests.Golden;

public sealed class PyTorchOptimizerTests(ITestOutputHelper output)
{
    private const double Tolerance = 1e-4;

    // The options of make_golden.py, in the words of a job file.
    private static readonly Dictionary<string, OptimizerDescription> s_optimizers = new()
    {
        ["sgd"] = new SgdDescription(0.1),
        ["sgd momentum"] = new SgdDescription(0.05, 0.9),
        ["sgd nesterov"] = new SgdDescription(0.05, 0.9, true),
        ["sgd weightDecay"] = new SgdDescription(0.1, 0.9, WeightDecay: 0.05),
        ["adagrad"] = new AdagradDescription(0.05),
        ["adagrad weightDecay"] = new AdagradDescription(0.05, InitialAccumulator: 0.1, WeightDecay: 0.05),
        ["rmsprop"] = new RmspropDescription(0.005),
        ["rmsprop momentum"] = new RmspropDescription(0.005, Momentum: 0.9, WeightDecay: 0.05),
        ["adam"] = new AdamDescription(0.01),
        ["adam weightDecay"] = new AdamDescription(0.01, WeightDecay: 0.05),
        ["adamw"] = new AdamwDescription(0.01, WeightDecay: 0.1),
        ["sgd clip"] = new SgdDescription(0.5, 0.9),
        ["adam clip"] = new AdamDescription(0.01),
    };

    public static TheoryData<string> Cases() => [.. PyTorchGolden.Instance.Optimizers.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Parameters_after_20_steps_are_those_of_PyTorch(string name)
    {
        OptimizerCase golden = PyTorchGolden.Instance.Optimizers.Single(c => c.Name == name);
        int inputs = PyTorchGolden.Instance.Inputs;
        Network network = Network.Build(
            PyTorchGradientTests.Model("tanh", 4), new TensorShape(inputs),
            new TargetDescription(TargetKind.Classes, new TensorShape(), 4), new LossDescription(LossKind.SoftmaxCrossEntropy));
        bool clips = name.EndsWith("clip", StringComparison.Ordinal);
        var training = new SingleThreadTraining(
            network, s_optimizers[name], new ClipDescription(GlobalNorm: clips ? 0.2 : null), golden.Rows, 1);
        golden.Parameters.CopyTo(training.Parameters.AsSpan());
        var rows = new SliceRows(1);
        rows.Reset(0);
        rows.Add(golden.Rows);
        for (int step = 0; step < golden.Steps; step++)
        {
            golden.X.AsSpan(step * golden.Rows * inputs, golden.Rows * inputs).CopyTo(training.Workspace.Inputs);
            golden.T.AsSpan(step * golden.Rows, golden.Rows).CopyTo(training.Workspace.Targets);
            training.Step(rows, new StepIdentity(1, step));
            if (clips) Assert.Equal(golden.Norms[step], training.LastClip.GlobalNorm, golden.Norms[step] * Tolerance);
        }
        Assert.False(training.Parameters.AsSpan().SequenceEqual(golden.Parameters), "nothing moved");
        double largest = 0;
        foreach (ParameterView view in network.Parameters.Views)
        {
            double error = PyTorchGradientTests.RelativeError(
                training.Parameters.AsSpan(view.Offset, view.Count), golden.After.AsSpan(view.Offset, view.Count), 1);
            largest = Math.Max(largest, error);
            Assert.True(error <= Tolerance, $"{view.Name}: relative error {error:E2}");
        }
        output.WriteLine($"{name}: {largest:E2}");
    }
}
