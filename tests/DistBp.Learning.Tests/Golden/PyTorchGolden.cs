using System.Runtime.CompilerServices;
using System.Text.Json;

namespace DistBp.Learning.Tests.Golden;

internal sealed record GradientCase(
    string Activation, string Loss, int Outputs, int Rows, float[] X, float[] T, float[] Parameters, double LossValue, float[] Gradient);

internal sealed record OptimizerCase(
    string Name, int Rows, int Steps, float[] X, float[] T, float[] Parameters, double[] Norms, float[] After);

/// <summary>What make_golden.py wrote.</summary>
internal sealed record PyTorchGolden(int Inputs, int Hidden, GradientCase[] Gradients, OptimizerCase[] Optimizers)
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web);
    private static readonly Lazy<PyTorchGolden> s_golden = new(() => Read());

    public static PyTorchGolden Instance => s_golden.Value;

    private static PyTorchGolden Read([CallerFilePath] string here = "")
    {
        string path = Path.Combine(Path.GetDirectoryName(here)!, "pytorch.json");
        return JsonSerializer.Deserialize<PyTorchGolden>(File.ReadAllText(path), s_options)!;
    }
}
