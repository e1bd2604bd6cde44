using System.Globalization;
using DistBp.Learning.Search;

namespace DistBp.Cluster.Tuning;

/// <summary>One key of a job that a search sets.</summary>
/// <param name="Path">Of the key, as --set takes it.</param>
/// <param name="Choices">Of a choice: the values in YAML; empty otherwise.</param>
/// <param name="GridPoints">The most values of a grid; a choice has all of its own.</param>
/// <param name="Where">In the space file, for messages.</param>
internal sealed record SpaceEntry(string Path, SearchParameter Parameter, IReadOnlyList<string> Choices, int GridPoints, string Where)
{
    /// <summary>The value in YAML.</summary>
    public string Text(double value) => Parameter is ChoiceParameter ? Choices[(int)value] : value.ToString("R", CultureInfo.InvariantCulture);

    public string Setting(double value) => $"{Path}={Text(value)}";

    /// <summary>As in the space file.</summary>
    public string Describe()
    {
        string points = string.Create(CultureInfo.InvariantCulture, $"points: {GridPoints}");
        return Parameter switch
        {
            RealParameter real => FormattableString.Invariant($"{Path}: {{{(real.IsLog ? SpaceFile.Log : SpaceFile.Uniform)}: [{real.Low:R}, {real.High:R}], {points}}}"),
            WholeParameter whole => FormattableString.Invariant($"{Path}: {{int: [{whole.Low}, {whole.High}], log: {(whole.IsLog ? "true" : "false")}, {points}}}"),
            _ => $"{Path}: {{choice: [{string.Join(", ", Choices)}]}}",
        };
    }

    /// <summary>The values that show whether the job takes all others, too.</summary>
    public IEnumerable<double> Extremes() =>
        Parameter is ChoiceParameter choice ? choice.Grid(choice.Count) : [Parameter.At(0), Parameter.At(1)];
}
