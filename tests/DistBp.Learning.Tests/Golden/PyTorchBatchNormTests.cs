using System.Runtime.CompilerServices;
using System.Text.Json;
using DistBp.Learning.Data;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;

namespace DistBp.Learning.Tests.Golden;

/// <summary>Against what make_batchnorm.py wrote.</summary>
public sealed class PyTorchBatchNormTests
{
    private const double Tolerance = 1e-5;
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web);

    private sealed record Case(
        string Name, int[] Shape, int[] Slices, double Epsilon, float[] X, float[] T, Dictionary<string, float[]> Parameters, double Loss,
        Dictionary<string, float[]> Gradients, float[] MeanSum, float[] VarianceSum, double Evaluated, Dictionary<string, float[]> ConstantGradients);

    [Theory]
    [InlineData("features")]
    [InlineData("planes")]
    public void Loss_gradients_and_statistics_of_training_are_those_of_PyTorch(string name)
    {
        Case golden = Read(name);
        Network network = Build(golden, []);
        (float[] gradient, double loss) = Compute(network, golden, Parameters(network, golden, []));
        Assert.Equal(golden.Loss, loss, Tolerance * golden.Loss);
        RequireClose(network, gradient, golden.Gradients);
        RequireClose(network, gradient, new() { ["norm.runningMean"] = golden.MeanSum, ["norm.runningVariance"] = golden.VarianceSum });
    }

    [Theory]
    [InlineData("features")]
    [InlineData("planes")]
    public void Evaluation_and_a_frozen_layer_use_the_running_statistics(string name)
    {
        Case golden = Read(name);
        int rows = golden.Slices.Sum();
        var statistics = new Dictionary<string, float[]>
        {
            ["norm.runningMean"] = [.. golden.MeanSum.Select(v => v / rows)], ["norm.runningVariance"] = [.. golden.VarianceSum.Select(v => v / rows)],
        };
        Network frozen = Build(golden, ["norm"]);
        float[] parameters = Parameters(frozen, golden, statistics);
        (float[] gradient, double loss) = Compute(frozen, golden, parameters);
        Assert.Equal(golden.Evaluated, loss, Tolerance * golden.Evaluated);
        RequireClose(frozen, gradient, golden.ConstantGradients.Where(g => !g.Key.StartsWith("norm", StringComparison.Ordinal)).ToDictionary());

        NetworkWorkspace workspace = Workspace(frozen, golden);
        var sums = new double[frozen.Metrics.Count];
        frozen.Evaluate(workspace, parameters, TestData.Slices(0, golden.Slices), sums);
        Assert.Equal(golden.Evaluated, sums[0], Tolerance * golden.Evaluated);
    }

    private static Network Build(Case golden, string[] frozen)
    {
        var norm = new BatchNormDescription("norm", Epsilon: golden.Epsilon);
        LayerDescription[] layers = golden.Name == "features"
            ? [new DenseDescription("first", 5), norm, new ActivationDescription(null, ActivationKind.Tanh), new DenseDescription("last", 3)]
            : [norm, new FlattenDescription(null), new DenseDescription("last", 3)];
        return Network.Build(
            new ModelDescription(WeightInitialization.ByActivation, layers, frozen), new TensorShape(golden.Shape),
            TestData.Target(LossKind.SoftmaxCrossEntropy, 3), new LossDescription(LossKind.SoftmaxCrossEntropy));
    }

    private static float[] Parameters(Network network, Case golden, Dictionary<string, float[]> others)
    {
        var parameters = new float[network.Parameters.Count];
        network.InitializeParameters(1, parameters);
        foreach (ParameterView view in network.Parameters.Views)
        {
            if (golden.Parameters.GetValueOrDefault(view.Name, others.GetValueOrDefault(view.Name, [])) is { Length: > 0 } values)
                values.CopyTo(parameters, view.Offset);
        }
        return parameters;
    }

    private static NetworkWorkspace Workspace(Network network, Case golden)
    {
        NetworkWorkspace workspace = network.CreateWorkspace(golden.Slices.Sum(), golden.Slices.Length);
        golden.X.CopyTo(workspace.Inputs);
        golden.T.CopyTo(workspace.Targets);
        return workspace;
    }

    private static (float[] Gradient, double Loss) Compute(Network network, Case golden, float[] parameters)
    {
        var gradient = new float[network.Parameters.UpdatedCount];
        Array.Fill(gradient, float.NaN);
        var sums = new double[network.Metrics.Count];
        network.ComputeGradient(Workspace(network, golden), parameters, TestData.Slices(0, golden.Slices), default, gradient, sums);
        return (gradient, sums[0]);
    }

    private static void RequireClose(Network network, float[] gradient, Dictionary<string, float[]> expected)
    {
        float largest = expected.Values.Max(values => values.Max(Math.Abs));
        foreach ((string name, float[] values) in expected)
        {
            ParameterView view = network.Parameters.Views.Single(v => v.Name == name);
            // A bias before the normalization changes nothing: its gradient is rounding errors alone.
            double size = Math.Max(values.Max(Math.Abs), 0.01 * largest);
            for (int i = 0; i < values.Length; i++)
            {
                double error = Math.Abs(gradient[view.Offset + i] - values[i]) / size;
                Assert.True(error <= Tolerance, $"{name}[{i}]: relative error {error:E2}");
            }
        }
    }

    private static Case Read(string name, [CallerFilePath] string here = "") => JsonSerializer.Deserialize<Case[]>(
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "batchnorm.json")), s_options)!.Single(c => c.Name == name);
}
