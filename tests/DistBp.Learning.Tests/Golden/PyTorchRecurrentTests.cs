using System.Runtime.CompilerServices;
using System.Text.Json;
using DistBp.Learning.Data;
using DistBp.Learning.Kernels.Recurrent;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using Xunit.Abstractions;

namespace DistBp.Learning.Tests.Golden;

internal sealed record RecurrentLayerCase(
    string Kind, int Units, bool Sequences = false, bool Bidirectional = false, int Truncation = 0, bool TimeDistributed = false)
{
    public LayerDescription Description => Kind switch
    {
        "dense" => new DenseDescription(null, Units, TimeDistributed),
        "tanh" => new ActivationDescription(null, ActivationKind.Tanh),
        _ => new RecurrentDescription(null, Cell, Units, Sequences, Bidirectional, Truncation),
    };

    private RecurrentCell Cell => Kind switch
    {
        "rnn" => RecurrentCell.Tanh,
        "relu" => RecurrentCell.Relu,
        "lstm" => RecurrentCell.Lstm,
        _ => RecurrentCell.Gru,
    };
}

internal sealed record RecurrentCase(
    string Name, RecurrentLayerCase[] Layers, int[]? Lengths, float[] X, float[] T, float[] Parameters, float[] Outputs, float[] Gradient);

/// <summary>What make_recurrent.py wrote.</summary>
internal sealed record RecurrentGolden(int Rows, int Steps, int Features, RecurrentCase[] Cases)
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web);
    private static readonly Lazy<RecurrentGolden> s_golden = new(() => Read());

    public static RecurrentGolden Instance => s_golden.Value;

    private static RecurrentGolden Read([CallerFilePath] string here = "")
        => JsonSerializer.Deserialize<RecurrentGolden>(
            File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "recurrent.json")), s_options)!;
}

public sealed class PyTorchRecurrentTests(ITestOutputHelper output)
{
    private const double Tolerance = 1e-5;

    public static TheoryData<string> Cases() => [.. RecurrentGolden.Instance.Cases.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Outputs_and_every_gradient_are_those_of_PyTorch(string name)
    {
        RecurrentGolden all = RecurrentGolden.Instance;
        RecurrentCase golden = all.Cases.Single(c => c.Name == name);
        int outputs = golden.Layers[^1].Units;
        Network network = Network.Build(
            new ModelDescription(WeightInitialization.ByActivation, [.. golden.Layers.Select(l => l.Description)], []),
            new TensorShape(all.Steps, all.Features), new TargetDescription(TargetKind.Values, new TensorShape(outputs), 0),
            new LossDescription(LossKind.MeanSquaredError));
        Assert.Equal(golden.Parameters.Length, network.Parameters.Count);
        NetworkWorkspace workspace = network.CreateWorkspace(all.Rows, 3);
        golden.X.CopyTo(workspace.Inputs);
        golden.T.CopyTo(workspace.Targets);
        workspace.HasLengths = golden.Lengths is not null;
        golden.Lengths?.CopyTo(workspace.Lengths);
        var gradient = new float[network.Parameters.TrainedCount];
        var predictions = new float[all.Rows * outputs];

        network.ComputeGradient(
            workspace, golden.Parameters, TestData.Slices(0, 2, 3, 1), default, gradient, new double[network.Metrics.Count]);
        network.Predict(workspace, golden.Parameters, all.Rows, predictions);

        double forward = PyTorchGradientTests.RelativeError(predictions, golden.Outputs, 1), largest = 0;
        Assert.True(forward <= Tolerance, $"outputs: relative error {forward:E2}");
        foreach (ParameterView view in network.Parameters.Views)
        {
            double error = PyTorchGradientTests.RelativeError(
                gradient.AsSpan(view.Offset, view.Count), golden.Gradient.AsSpan(view.Offset, view.Count), 1.0 / all.Rows);
            largest = Math.Max(largest, error);
            Assert.True(error <= Tolerance, $"{view.Name}: relative error {error:E2}");
        }
        output.WriteLine($"{name}: outputs {forward:E2}, gradients {largest:E2}");
    }
}
