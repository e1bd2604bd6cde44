using System.Globalization;
using DistBp.Learning.Diagnosis;

namespace DistBp.Cli.Display;

/// <summary>The gradients, updates and outputs of a sampled step, as two tables: what to look at when a training does not learn.</summary>
internal static class StatisticsText
{
    public static void Write(StatisticsSample sample, TextWriter output)
    {
        output.WriteLine($"gradients and updates at step {NumberText.Count(sample.Step)}, epoch {NumberText.Count(sample.Epoch)}");
        List<string[]> parameters = [["parameter", "gradient norm", "largest", "zeros", "update/parameter"]];
        foreach (ParameterFigures p in sample.Parameters)
            parameters.Add([p.Name, NumberText.Real(p.GradientNorm), NumberText.Real(p.GradientMaximum), Share(p.ZeroShare), Ratio(p.UpdateRatio)]);
        TextColumns.Write(output, parameters, [false, true, true, true, true], "  ");
        List<string[]> layers = [["output of", "root mean square", "largest", "zeros"]];
        foreach (LayerFigures layer in sample.Layers)
        {
            ActivationFigures figures = layer.Outputs;
            layers.Add([layer.Layer, NumberText.Real(figures.RootMeanSquare), NumberText.Real(figures.Maximum), Share(figures.ZeroShare)]);
        }
        TextColumns.Write(output, layers, [false, true, true, true], "  ");
    }

    private static string Share(double share) => share.ToString("0.0%", CultureInfo.InvariantCulture);

    private static string Ratio(double ratio) => double.IsNaN(ratio) ? "-" : NumberText.Real(ratio);
}
