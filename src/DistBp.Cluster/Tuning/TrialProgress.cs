using DistBp.Cluster.Runs;
using DistBp.Learning.Search;

namespace DistBp.Cluster.Tuning;

/// <summary>A trial's way through its epochs, fold after fold, and the decision to end it early.</summary>
/// <param name="epochs">Of the job: a fold that ends early counts as if it had stayed where it was.</param>
/// <param name="pruning">Null: no trial ends early.</param>
/// <param name="earlier">Costs of the trials that this one is compared with.</param>
internal sealed class TrialProgress(
    TuningMetric metric, int epochs, MedianPruning? pruning, IReadOnlyList<IReadOnlyList<double>> earlier)
{
    private readonly List<double> _costs = [];
    private readonly List<double> _folds = [];
    private double _bestOfFold = double.PositiveInfinity;

    /// <summary>Best cost so far at the end of each epoch: the mean over the folds done and the one under way.</summary>
    public double[] Costs => [.. _costs];

    /// <summary>The metric of each fold that is done.</summary>
    public IReadOnlyList<double> Folds => _folds;

    public int EpochsTrained { get; private set; }

    /// <summary>Why the trial ends early; null: it does not.</summary>
    public string? PruneReason { get; private set; }

    public double BestValue => metric.Cost(_costs.Count > 0 ? _costs[^1] : double.NaN);

    /// <returns>Whether the run ends here.</returns>
    public bool OnEpoch(EpochFigures epoch)
    {
        EpochsTrained++;
        double cost = metric.Cost(metric.Value(epoch));
        // A comparison with NaN is false: an epoch without a figure is no best one.
        if (cost < _bestOfFold) _bestOfFold = cost;
        _costs.Add(Mean(_bestOfFold));
        if (pruning?.Decide(_costs, earlier) is not (true, var median)) return false;
        PruneReason = $"after epoch {_costs.Count} its best {metric.Name} is {metric.Cost(_costs[^1]):G4}, the median of earlier trials {metric.Cost(median):G4}";
        return true;
    }

    public void EndFold(double value)
    {
        _folds.Add(value);
        while (_costs.Count < _folds.Count * epochs) _costs.Add(_costs.Count > 0 ? _costs[^1] : double.PositiveInfinity);
        _bestOfFold = double.PositiveInfinity;
    }

    private double Mean(double underWay) => (_folds.Sum(metric.Cost) + underWay) / (_folds.Count + 1);
}
