using DistBp.Learning;
using DistBp.Learning.Diagnosis;
using DistBp.Learning.Optimizers;
using DistBp.Protocol.Effects;

namespace DistBp.Cluster.Runs;

/// <summary>Collects what a run shows of itself, and finds what is wrong: each kind of finding once a run.</summary>
internal sealed class RunDiagnosis(Network network, NormSegments segments, bool clipsByNorm, int batch)
{
    /// <summary>What is older says little of how the training goes now.</summary>
    private const int KeptSamples = 20;
    private const int KeptEpochs = 20;

    private readonly Dictionary<long, double[]> _activations = [];
    private readonly List<StatisticsSample> _samples = [];
    private readonly List<double> _norms = [];
    private readonly List<double> _epochLosses = [];
    private readonly List<double> _epochNorms = [];
    private readonly List<Finding> _findings = [];
    private double _firstLoss = double.NaN;
    private double _firstNorm = double.NaN;

    /// <summary>In the order in which they were made.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>A step was committed.</summary>
    /// <param name="step">From 0.</param>
    public void Add(ReportStep step, double loss)
    {
        if (step.Step == 0) (_firstLoss, _firstNorm) = (loss, step.GradientNorm);
        _norms.Add(step.GradientNorm);
        int metrics = network.Metrics.Count;
        if (step.Sums.Length > metrics) _activations[step.Step] = step.Sums.Span[metrics..].ToArray();
    }

    /// <summary>The figures of a step that was committed before.</summary>
    public StatisticsSample Add(ReportStatistics statistics, int epoch)
    {
        if (!_activations.Remove(statistics.Step, out double[]? activations)) activations = new double[network.Activations.Count];
        ParameterFigures[] parameters = SegmentFigures.Combine(segments, network.Parameters, statistics.Figures);
        var sample = StatisticsSample.Of(network, statistics.Step + 1, epoch, parameters, activations);
        _samples.Add(sample);
        if (_samples.Count > KeptSamples) _samples.RemoveAt(0);
        return sample;
    }

    public void EndEpoch(double trainLoss)
    {
        _epochLosses.Add(trainLoss);
        _epochNorms.Add(TakeMedianNorm());
        if (_epochLosses.Count > KeptEpochs)
        {
            _epochLosses.RemoveAt(0);
            _epochNorms.RemoveAt(0);
        }
    }

    /// <summary>After an epoch, and the figures of its last step.</summary>
    /// <returns>What is found for the first time.</returns>
    public IReadOnlyList<Finding> TakeNews()
    {
        Finding[] news = [.. Find().Where(f => _findings.TrueForAll(told => !TrainingDiagnosis.Covers(told.Kind, f.Kind)))];
        _findings.AddRange(news);
        return news;
    }

    /// <summary>All that there is to say now, also what was said before: for the error that ends the run.</summary>
    public IReadOnlyList<Finding> Find() => TrainingDiagnosis.Findings(
        new Observations(_samples, _firstLoss, _firstNorm, _epochLosses, _epochNorms, clipsByNorm, batch));

    private double TakeMedianNorm()
    {
        if (_norms.Count == 0) return double.NaN;
        _norms.Sort();
        double median = _norms[_norms.Count / 2];
        _norms.Clear();
        return median;
    }
}
