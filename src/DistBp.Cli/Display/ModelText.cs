using System.Globalization;
using DistBp.Learning;
using DistBp.Learning.Layers;

namespace DistBp.Cli.Display;

/// <summary>A model in one line: "784-512-256-10 relu" for a perceptron, otherwise the layers one by one.</summary>
internal static class ModelText
{
    /// <param name="sampleShape">Of the input; null where it is not known.</param>
    public static string Describe(ModelDescription model, TensorShape? sampleShape)
    {
        LayerDescription[] others = [.. model.Layers.Where(l => l is not DenseDescription and not FlattenDescription)];
        string[] functions = [.. others.Select(l => l.Kind).Distinct()];
        bool perceptron = others.All(l => l is ActivationDescription) && functions.Length <= 1;
        if (!perceptron) return string.Join(", ", model.Layers.Select(Layer));
        IEnumerable<string> units = model.Layers.OfType<DenseDescription>().Select(d => $"{d.Units}");
        string sizes = string.Join('-', sampleShape is null ? units : units.Prepend($"{sampleShape.ElementCount}"));
        return string.Join(' ', functions.Prepend(sizes));
    }

    private static string Layer(LayerDescription layer) => layer switch
    {
        DenseDescription dense => $"dense {dense.Units}",
        DropoutDescription dropout => string.Create(CultureInfo.InvariantCulture, $"dropout {dropout.Probability}"),
        ResidualDescription residual => $"residual ({string.Join(", ", residual.Layers.Select(Layer))})",
        Conv2dDescription convolution => $"conv2d {convolution.Filters}",
        _ => layer.Kind,
    };
}
