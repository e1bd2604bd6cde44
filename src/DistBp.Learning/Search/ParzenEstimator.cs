namespace DistBp.Learning.Search;

/// <summary>
/// A density over a search space from some points in it: the mixture of one kernel a point and one as wide as the space. A kernel is the
/// product over the parameters of a normal density, cut off at the ends of [0, 1], or, for a choice, of the point's own with most of the weight.
/// </summary>
internal sealed class ParzenEstimator
{
    /// <summary>Draws that may fall outside of [0, 1] one after the other: at a kernel's centre less than half of them do.</summary>
    private const int MostRejections = 64;

    private readonly IReadOnlyList<SearchParameter> _space;
    private readonly double[][] _centres;
    private readonly double _width;

    /// <param name="points">Their values.</param>
    public ParzenEstimator(IReadOnlyList<SearchParameter> space, IEnumerable<double[]> points)
    {
        _space = space;
        _centres = [.. points.Select(point => point.Select((value, i) => space[i] is ChoiceParameter ? value : space[i].PositionOf(value)).ToArray())];
        // Scott's rule for the shrinking with the number of points (Falkner, Klein, Hutter: BOHB, ICML 2018, take a joint density, too).
        double count = Math.Max(_centres.Length, 1);
        double shrunk = 0.2 * PortableMath.Exp(-PortableMath.Log(count) / (space.Count + 4));
        _width = Math.Max(shrunk, 1 / Math.Min(100, count + 1.0) / 4);
    }

    /// <summary>Values of a point drawn from the density.</summary>
    public double[] Draw(SearchDraws draws)
    {
        int kernel = draws.Index(_centres.Length + 1);
        var point = new double[_space.Count];
        for (int i = 0; i < point.Length; i++)
        {
            double? centre = kernel < _centres.Length ? _centres[kernel][i] : null;
            point[i] = _space[i] is ChoiceParameter choice ? DrawChoice(choice, centre, draws) : _space[i].At(DrawPosition(centre, draws));
        }
        return point;
    }

    /// <summary>The logarithm of the density at a point's values.</summary>
    public double LogDensity(double[] point)
    {
        Span<double> logs = new double[_centres.Length + 1];
        for (int kernel = 0; kernel < _centres.Length; kernel++)
        {
            for (int i = 0; i < point.Length; i++) logs[kernel] += LogKernel(_space[i], point[i], _centres[kernel][i]);
        }
        foreach (SearchParameter parameter in _space)
            if (parameter is ChoiceParameter choice) logs[^1] -= PortableMath.Log(choice.Count);
        double most = double.NegativeInfinity;
        foreach (double log in logs) most = Math.Max(most, log);
        double sum = 0;
        foreach (double log in logs) sum += PortableMath.Exp(log - most);
        return most + PortableMath.Log(sum) - PortableMath.Log(logs.Length);
    }

    private double DrawPosition(double? centre, SearchDraws draws)
    {
        if (centre is not { } mean) return draws.Uniform();
        for (int i = 0; i < MostRejections; i++)
        {
            double position = mean + (_width * draws.Normal());
            if (position is >= 0 and <= 1) return position;
        }
        return mean;
    }

    private double DrawChoice(ChoiceParameter choice, double? centre, SearchDraws draws) =>
        centre is { } own && draws.Uniform() >= OtherWeight(choice) * choice.Count ? own : draws.Index(choice.Count);

    private double LogKernel(SearchParameter parameter, double value, double centre)
    {
        if (parameter is ChoiceParameter choice)
        {
            double other = OtherWeight(choice);
            return PortableMath.Log(value == centre ? 1 - (other * (choice.Count - 1)) : other);
        }
        double distance = (parameter.PositionOf(value) - centre) / _width;
        double within = Normal.Cumulative((1 - centre) / _width) - Normal.Cumulative(-centre / _width);
        return (-0.5 * distance * distance) - PortableMath.Log(_width * 2.5066282746310002 * within);
    }

    /// <summary>What a kernel gives to each choice that is not its point's: less, the more points there are.</summary>
    private double OtherWeight(ChoiceParameter choice) => 1.0 / (choice.Count * (_centres.Length + 1.0));
}
