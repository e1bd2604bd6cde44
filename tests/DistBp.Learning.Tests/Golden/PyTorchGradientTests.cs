using DistBp.Learning.Data;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using Xunit.Abstractions;

namespace DistBp.Learning.Tests.Golden;

public sealed class PyTorchGradientTests(ITestOutputHelper output)
{
    private const double Tolerance = 1e-5;

    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (GradientCase golden in PyTorchGolden.Instance.Gradients) cases.Add(golden.Activation, golden.Loss);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Loss_and_every_gradient_are_those_of_PyTorch(string activation, string loss)
    {
        GradientCase golden = PyTorchGolden.Instance.Gradients.Single(c => c.Activation == activation && c.Loss == loss);
        Network network = Network.Build(
            Model(activation, golden.Outputs), new TensorShape(PyTorchGolden.Instance.Inputs), Target(loss, golden.Outputs), LossOf(loss));
        NetworkWorkspace workspace = network.CreateWorkspace(golden.Rows, 3);
        golden.X.CopyTo(workspace.Inputs);
        golden.T.CopyTo(workspace.Targets);
        var rows = new SliceRows(3);
        rows.Reset(0);
        foreach (int count in (int[])[4, 3, 2]) rows.Add(count);
        var gradient = new float[network.Parameters.TrainedCount];
        var sums = new double[network.Metrics.Count];

        network.ComputeGradient(workspace, golden.Parameters, rows, new StepIdentity(1, 0), gradient, sums);

        Assert.Equal(golden.Rows, sums[1]);
        double lossError = Math.Abs(sums[0] / golden.Rows - golden.LossValue) / Math.Abs(golden.LossValue);
        Assert.True(lossError <= Tolerance, $"loss {sums[0] / golden.Rows}, PyTorch {golden.LossValue}");
        double largest = 0;
        foreach (ParameterView view in network.Parameters.Views)
        {
            double error = RelativeError(
                gradient.AsSpan(view.Offset, view.Count), golden.Gradient.AsSpan(view.Offset, view.Count), 1.0 / golden.Rows);
            largest = Math.Max(largest, error);
            Assert.True(error <= Tolerance, $"{view.Name}: relative error {error:E2}");
        }
        output.WriteLine($"{activation} {loss}: loss {lossError:E2}, gradients {largest:E2}");
    }

    /// <summary>The largest difference of two tensors beside the largest element of the expected one.</summary>
    internal static double RelativeError(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double factor)
    {
        double difference = 0, size = 1e-30;
        for (int i = 0; i < expected.Length; i++)
        {
            difference = Math.Max(difference, Math.Abs(actual[i] * factor - expected[i]));
            size = Math.Max(size, Math.Abs(expected[i]));
        }
        return difference / size;
    }

    internal static ModelDescription Model(string activation, int outputs)
    {
        LayerDescription between = activation == "softmax"
            ? new SoftmaxDescription(null)
            : new ActivationDescription(null, Enum.Parse<ActivationKind>(activation, ignoreCase: true));
        int hidden = PyTorchGolden.Instance.Hidden;
        return new ModelDescription(
            WeightInitialization.ByActivation,
            [new DenseDescription(null, hidden), between, new DenseDescription(null, hidden), between, new DenseDescription(null, outputs)],
            []);
    }

    private static TargetDescription Target(string loss, int outputs) => loss switch
    {
        "softmaxCrossEntropy" => new TargetDescription(TargetKind.Classes, new TensorShape(), outputs),
        "binaryCrossEntropy" => new TargetDescription(TargetKind.Binary, new TensorShape(), 2),
        "binaryCrossEntropy3" => new TargetDescription(TargetKind.Binary, new TensorShape(outputs), 0),
        _ => new TargetDescription(TargetKind.Values, new TensorShape(outputs), 0),
    };

    private static LossDescription LossOf(string loss)
        => new(Enum.Parse<LossKind>(loss.TrimEnd('3'), ignoreCase: true), HuberDelta: 0.5f);
}
