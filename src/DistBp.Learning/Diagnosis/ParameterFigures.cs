namespace DistBp.Learning.Diagnosis;

/// <summary>One parameter on a sampled step.</summary>
/// <param name="Count">Elements.</param>
/// <param name="GradientNorm">L2 norm of the mean gradient, before clipping by norms.</param>
/// <param name="GradientMaximum">max |g|.</param>
/// <param name="ZeroShare">Of the gradient's elements, in [0, 1].</param>
/// <param name="Norm">L2 norm of the parameter before the update.</param>
/// <param name="UpdateNorm">L2 norm of what the update changed.</param>
public sealed record ParameterFigures(
    string Name, int Layer, ParameterKind Kind, int Count, double GradientNorm, double GradientMaximum, double ZeroShare, double Norm,
    double UpdateNorm)
{
    /// <summary>‖Δw‖ / ‖w‖: about 1e-3 where learning goes well; NaN where the parameter is zero.</summary>
    public double UpdateRatio => Norm > 0 ? UpdateNorm / Norm : double.NaN;

    internal static ParameterFigures Of(ParameterView view, ReadOnlySpan<double> sums) => new(
        view.Name, view.Layer, view.Description.Kind, view.Count, Math.Sqrt(sums[0]), sums[1], sums[2] / view.Count, Math.Sqrt(sums[3]),
        Math.Sqrt(sums[4]));
}
