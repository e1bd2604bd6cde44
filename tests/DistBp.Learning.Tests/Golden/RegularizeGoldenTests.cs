using System.Runtime.CompilerServices;
using System.Text.Json;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using Xunit.Abstractions;

namespace DistBp.Learning.Tests.Golden;

internal sealed record RegularizeCase(
    string Name, int Rows, float[] X, float[] T, float[] Y, float[] Parameters, double LossValue, float[] Gradient);

internal sealed record RegularizeGolden(RegularizeCase[] Cases);

/// <summary>Against what make_regularize.py wrote.</summary>
public sealed class RegularizeGoldenTests(ITestOutputHelper output)
{
    private const double Tolerance = 1e-4;
    private const int Outputs = 3;

    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web);

    private static readonly Dictionary<string, (TensorShape Shape, LayerDescription[] Layers)> s_models = new()
    {
        ["vector"] = (new(7),
            [new DenseDescription(null, 21), new LayerNormDescription(null), Tanh, new DenseDescription(null, Outputs)]),
        ["sequence"] = (new(4, 5), [new LayerNormDescription(null), new DenseDescription(null, Outputs)]),
        ["picture"] = (new(2, 3, 5), [new LayerNormDescription(null), new FlattenDescription(null), new DenseDescription(null, Outputs)]),
        ["residual"] = (new(6),
            [
                new DenseDescription(null, 8), Tanh,
                new ResidualDescription(null, [new DenseDescription(null, 8), Gelu, new DenseDescription(null, 8)]),
                new DenseDescription(null, Outputs),
            ]),
        ["nested"] = (new(6),
            [
                new ResidualDescription(null,
                [
                    new DenseDescription(null, 6), Tanh,
                    new ResidualDescription(null, [new LayerNormDescription(null), new DenseDescription(null, 6)]), new DenseDescription(null, 6),
                ]),
                new DenseDescription(null, Outputs),
            ]),
    };

    public static TheoryData<string> Names => [.. s_models.Keys];

    private static ActivationDescription Tanh => new(null, ActivationKind.Tanh);

    private static ActivationDescription Gelu => new(null, ActivationKind.Gelu);

    [Theory]
    [MemberData(nameof(Names))]
    public void Outputs_loss_and_gradients_are_those_of_PyTorch(string name)
    {
        RegularizeCase golden = Read().Cases.Single(c => c.Name == name);
        (TensorShape shape, LayerDescription[] layers) = s_models[name];
        Network network = Network.Build(
            new ModelDescription(WeightInitialization.ByActivation, layers, []), shape,
            TestData.Target(LossKind.MeanSquaredError, Outputs), new LossDescription(LossKind.MeanSquaredError));
        Assert.Equal(golden.Parameters.Length, network.Parameters.Count);
        NetworkWorkspace workspace = network.CreateWorkspace(golden.Rows, 3);
        golden.X.CopyTo(workspace.Inputs);
        golden.T.CopyTo(workspace.Targets);
        var gradient = new float[network.Parameters.TrainedCount];
        var sums = new double[network.Metrics.Count];
        var outputs = new float[golden.Rows * Outputs];

        network.Predict(workspace, golden.Parameters, golden.Rows, outputs);
        Within(outputs, golden.Y, 1, $"{name}: outputs");
        network.ComputeGradient(workspace, golden.Parameters, TestData.Slices(0, 4, 3, 2), new StepIdentity(1, 0), gradient, sums);

        Assert.Equal(golden.LossValue, sums[0] / golden.Rows, golden.LossValue * Tolerance);
        foreach (ParameterView view in network.Parameters.Views)
        {
            Within(gradient.AsSpan(view.Offset, view.Count), golden.Gradient.AsSpan(view.Offset, view.Count), 1.0 / golden.Rows,
                $"{name}: {view.Name}");
        }
    }

    private void Within(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double factor, string what)
    {
        double error = PyTorchGradientTests.RelativeError(actual, expected, factor);
        output.WriteLine($"{what}: {error:E2}");
        Assert.True(error <= Tolerance, $"{what}: relative error {error:E2}");
    }

    private static RegularizeGolden Read([CallerFilePath] string here = "") => JsonSerializer.Deserialize<RegularizeGolden>(
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "regularize.json")), s_options)!;
}
