using System.Runtime.CompilerServices;
using System.Text.Json;
using DistBp.Learning.Kernels;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using DistBp.Learning.Optimizers;

namespace DistBp.Learning.Tests.Golden;

/// <summary>Against what make_embedding.py wrote.</summary>
public sealed class PyTorchEmbeddingTests
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web);

    private sealed record Case(
        int Rows, int Steps, int Vocabulary, int Size, int Classes, double Rate, Dictionary<string, float[]> Parameters, float[][] X,
        float[][] T, double[] Losses, int[] TouchedRows, float[] RowGradients, float[] LastGradient, Dictionary<string, float[]> After);

    [Fact]
    public void Touched_rows_and_their_gradients_are_those_of_PyTorch()
    {
        Case golden = Read();
        Network network = Build(golden);
        var gradient = new Gradient(network.Parameters, golden.Rows);
        Compute(network, golden, 0, Parameters(network, golden), gradient);
        Assert.Equal(golden.TouchedRows, gradient.Sparse[0].Rows.ToArray());
        RequireClose(golden.RowGradients, gradient.Sparse[0].Values.Span, 1.0 / golden.Rows);
        RequireClose(golden.LastGradient, gradient.Dense[..golden.LastGradient.Length], 1.0 / golden.Rows);
    }

    [Fact]
    public void Adam_moves_touched_rows_as_SparseAdam_does_and_leaves_the_others()
    {
        Case golden = Read();
        Network network = Build(golden);
        float[] parameters = Parameters(network, golden);
        var optimizer = Optimizer.Create(new AdamDescription(golden.Rate));
        TensorBuffer[] state = [new(parameters.Length), new(parameters.Length)];
        var gradient = new Gradient(network.Parameters, golden.Rows);
        ParameterView table = network.Parameters.SparseViews[0];
        for (int step = 0; step < golden.X.Length; step++)
        {
            Assert.Equal(golden.Losses[step], Compute(network, golden, step, parameters, gradient) / golden.Rows, 1e-4);
            GradientReduction.MeanAndNorm(gradient.Dense, [], golden.Rows, gradient.Dense);
            optimizer.Update(step, golden.Rate, 1, parameters.AsSpan(0, gradient.Dense.Length), gradient.Dense, state, 0);
            var mean = new float[table.Width];
            for (int i = 0; i < gradient.Sparse[0].Count; i++)
            {
                int offset = table.Offset + gradient.Sparse[0].Rows.Span[i] * table.Width;
                GradientReduction.MeanAndNorm(gradient.Sparse[0].Values.Span.Slice(i * table.Width, table.Width), [], golden.Rows, mean);
                optimizer.Update(step, golden.Rate, 1, parameters.AsSpan(offset, table.Width), mean, state, offset);
            }
        }
        foreach (ParameterView view in network.Parameters.Views)
            RequireClose(golden.After[view.Name], parameters.AsSpan(view.Offset, view.Count), 1);
    }

    private static Network Build(Case golden) => Network.Build(
        new ModelDescription(
            WeightInitialization.ByActivation,
            [new EmbeddingDescription("embed", golden.Vocabulary, golden.Size), new DenseDescription("last", golden.Classes)], []),
        new TensorShape(golden.Steps), TestData.Target(LossKind.SoftmaxCrossEntropy, golden.Classes),
        new LossDescription(LossKind.SoftmaxCrossEntropy));

    private static float[] Parameters(Network network, Case golden)
    {
        var parameters = new float[network.Parameters.Count];
        foreach (ParameterView view in network.Parameters.Views) golden.Parameters[view.Name].CopyTo(parameters, view.Offset);
        return parameters;
    }

    /// <returns>The sum of the losses.</returns>
    private static double Compute(Network network, Case golden, int step, float[] parameters, Gradient gradient)
    {
        NetworkWorkspace workspace = network.CreateWorkspace(golden.Rows, 2);
        golden.X[step].CopyTo(workspace.Inputs);
        golden.T[step].CopyTo(workspace.Targets);
        var sums = new double[network.Metrics.Count];
        network.ComputeGradient(
            workspace, parameters, TestData.Slices(0, 4, golden.Rows - 4), new StepIdentity(1, step), gradient.Dense, sums, gradient.Sparse);
        return sums[0];
    }

    private static void RequireClose(float[] expected, ReadOnlySpan<float> actual, double factor)
    {
        double error = PyTorchGradientTests.RelativeError(actual, expected, factor);
        Assert.True(error <= 1e-5, $"relative error {error:E2}");
    }

    private static Case Read([CallerFilePath] string here = "") => JsonSerializer.Deserialize<Case>(
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "embedding.json")), s_options)!;
}
