using DistBp.Cluster.Runs;
using DistBp.Learning.Metrics;

namespace DistBp.Cli.Display;

/// <summary>
/// The newest figures of a run. A thread that computes stores them, without allocation, under a lock that a reader holds only for the
/// time of a copy, ten times a second.
/// </summary>
internal sealed class RunFigures
{
    public const int KeptEpochs = 10;

    private readonly Lock _gate = new();
    private readonly Queue<EpochFigures> _epochs = new(KeptEpochs + 1);
    private RunStarted? _started;
    private StepFigures _step;
    private EpochFigures? _best;
    private double _lossSum;
    private double _accuracySum;
    private long _epochSamples;
    private long _samples;

    public void Start(RunStarted started)
    {
        lock (_gate) _started = started;
    }

    public void Add(in StepFigures step)
    {
        lock (_gate)
        {
            if (step.Epoch != _step.Epoch) (_lossSum, _accuracySum, _epochSamples) = (0, 0, 0);
            _step = step;
            _lossSum += step.Loss * step.Samples;
            _accuracySum += step.Accuracy.GetValueOrDefault() * step.Samples;
            _epochSamples += step.Samples;
            _samples += step.Samples;
        }
    }

    public void Add(EpochFigures epoch)
    {
        lock (_gate)
        {
            if (_best is null || IsBetter(epoch, _best)) _best = epoch;
            _epochs.Enqueue(epoch);
            if (_epochs.Count > KeptEpochs) _epochs.Dequeue();
        }
    }

    public RunSnapshot Read()
    {
        lock (_gate)
        {
            long samples = Math.Max(1, _epochSamples);
            double? accuracy = _step.Accuracy is null ? null : _accuracySum / samples;
            return new RunSnapshot(_started, _step, _lossSum / samples, accuracy, _samples, [.. _epochs], _best);
        }
    }

    private bool IsBetter(EpochFigures epoch, EpochFigures best)
    {
        string metric = _started?.Job.EarlyStopping?.Metric ?? "";
        bool ofTrain = metric.StartsWith("train", StringComparison.Ordinal);
        if (metric.EndsWith("Accuracy", StringComparison.Ordinal)) return Values(epoch).Accuracy > Values(best).Accuracy;
        return Values(epoch).Loss < Values(best).Loss;

        MetricValues Values(EpochFigures of) => ofTrain ? of.Train : of.Validation ?? of.Train;
    }
}
