using System.Runtime.CompilerServices;
using System.Text.Json;
using DistBp.Learning.Data;
using DistBp.Learning.Kernels;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;

namespace DistBp.Learning.Tests.Golden;

/// <summary>What make_convolution.py wrote.</summary>
internal sealed record ConvolutionGolden(ConvolutionCase[] Cases)
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web);

    public static ConvolutionGolden Read([CallerFilePath] string here = "")
    {
        string path = Path.Combine(Path.GetDirectoryName(here)!, "convolution.json");
        return JsonSerializer.Deserialize<ConvolutionGolden>(File.ReadAllText(path), s_options)!;
    }
}

internal sealed record ConvolutionCase(
    string Name, int[] Shape, GoldenLayer[] Layers, int Classes, int Rows, float[] X, float[] T, float[] Parameters, float[] Outputs,
    double LossValue, float[] Gradient);

internal sealed record GoldenLayer(
    string Kind, int Filters, int[]? Kernel, int[]? Stride, int[]? Dilation, int Groups, bool Same, int[]? Padding)
{
    public LayerDescription Describe()
    {
        Padding padding = Same ? DistBp.Learning.Layers.Padding.Same : new Padding(PaddingKind.Pixels, Of(Padding));
        return Kind switch
        {
            "conv2d" => new Conv2dDescription(null, Filters, Of(Kernel), Of(Stride), padding, Of(Dilation), Groups),
            "max" => new PoolDescription(null, PoolKind.Max, Of(Kernel), Of(Stride), padding),
            "average" => new PoolDescription(null, PoolKind.Average, Of(Kernel), Of(Stride), padding),
            "global" => new GlobalAveragePoolDescription(null),
            "flatten" => new FlattenDescription(null),
            _ => new ActivationDescription(null, Enum.Parse<ActivationKind>(Kind, ignoreCase: true)),
        };
    }

    private static Plane Of(int[]? pair) => pair is null ? default : new Plane(pair[0], pair[1]);
}

public sealed class PyTorchConvolutionTests
{
    private const double Tolerance = 1e-5;
    private static readonly ConvolutionGolden s_golden = ConvolutionGolden.Read();

    public static TheoryData<string> Cases() => [.. s_golden.Cases.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Outputs_loss_and_every_gradient_are_those_of_PyTorch(string name)
    {
        ConvolutionCase golden = s_golden.Cases.Single(c => c.Name == name);
        Network network = Network.Build(
            new ModelDescription(
                WeightInitialization.ByActivation, [.. golden.Layers.Select(l => l.Describe()), new DenseDescription(null, golden.Classes)], []),
            new TensorShape(golden.Shape), new TargetDescription(TargetKind.Classes, new TensorShape(), golden.Classes),
            new LossDescription(LossKind.SoftmaxCrossEntropy));
        Assert.Equal(golden.Parameters.Length, network.Parameters.Count);
        NetworkWorkspace workspace = network.CreateWorkspace(golden.Rows, 2);
        golden.X.CopyTo(workspace.Inputs);
        golden.T.CopyTo(workspace.Targets);
        var gradient = new float[network.Parameters.TrainedCount];
        var sums = new double[network.Metrics.Count];

        network.ComputeGradient(workspace, golden.Parameters, TestData.Slices(0, 3, 1), new StepIdentity(1, 0), gradient, sums);

        Assert.True(PyTorchGradientTests.RelativeError(workspace.Outputs(golden.Rows), golden.Outputs, 1) <= Tolerance, "outputs");
        Assert.InRange(sums[0] / golden.Rows, golden.LossValue * (1 - Tolerance), golden.LossValue * (1 + Tolerance));
        foreach (ParameterView view in network.Parameters.Views)
        {
            double error = PyTorchGradientTests.RelativeError(
                gradient.AsSpan(view.Offset, view.Count), golden.Gradient.AsSpan(view.Offset, view.Count), 1.0 / golden.Rows);
            Assert.True(error <= Tolerance, $"{view.Name}: relative error {error:E2}");
        }
    }
}
