using DistBp.Learning.Data;

namespace DistBp.Learning.Metrics;

/// <summary>
/// The additive sums that metrics are made of: per slice in row order, then along the <see cref="ReductionTree"/>.
/// Classes and binary: lossSum, samples, correct. Values: lossSum, samples, absoluteError, squaredError, targetSum, targetSquares.
/// Over several outputs or steps of a sample each is their mean, so that a sample counts once.
/// </summary>
public sealed class MetricSet
{
    private static readonly string[] s_ofClasses = ["lossSum", "samples", "correct"];
    private static readonly string[] s_ofValues = ["lossSum", "samples", "absoluteError", "squaredError", "targetSum", "targetSquares"];
    private readonly TargetKind _kind;
    private readonly int _outputs;
    private readonly int _confusionClasses;
    private readonly int _classSteps;

    /// <param name="classSteps">Of a sequence with a class each; 0: one target a sample.</param>
    internal MetricSet(TargetKind kind, int outputs, int confusionClasses = 0, int top = 0, int classSteps = 0)
    {
        (_kind, _outputs, _confusionClasses, Top, _classSteps) = (kind, outputs, confusionClasses, top, classSteps);
        IEnumerable<int> classes = Enumerable.Range(0, confusionClasses);
        Names =
        [
            .. IsOfClasses ? s_ofClasses : s_ofValues,
            .. classes.SelectMany(actual => classes.Select(predicted => $"confusion[{actual},{predicted}]")),
            .. top > 0 ? ["correctInTop"] : Array.Empty<string>(),
        ];
    }

    public IReadOnlyList<string> Names { get; }

    public int Count => Names.Count;

    /// <summary>True where there is an accuracy; otherwise there are errors of values.</summary>
    public bool IsOfClasses => _kind is TargetKind.Classes or TargetKind.Binary;

    /// <summary>True where each step of a sequence has a class; then there is a perplexity.</summary>
    public bool IsOfSteps => _classSteps > 0;

    /// <summary>0 unless made by <see cref="WithConfusion"/>.</summary>
    public int ConfusionClasses => _confusionClasses;

    /// <summary>k, where samples whose class is among the k most probable are counted; else 0.</summary>
    public int Top { get; }

    /// <summary>Where the confusion counts begin, row by row of the actual class.</summary>
    internal const int ConfusionStart = 3;

    /// <summary>These sums and, for one class of K a sample, the K × K counts of the confusion matrix; otherwise this set itself.</summary>
    /// <param name="top">Also counted, where there are more classes: samples whose class is among this many most probable ones.</param>
    public MetricSet WithConfusion(int top = 0) => _kind switch
    {
        TargetKind.Classes when !IsOfSteps => new MetricSet(_kind, _outputs, _outputs, top < _outputs ? top : 0),
        TargetKind.Binary when _outputs == 1 => new MetricSet(_kind, _outputs, 2),
        _ => this,
    };

    /// <summary>Adds one sample to the sums.</summary>
    /// <param name="outputs">Logits for classes and binary, predicted values otherwise.</param>
    internal void Add(double loss, ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, Span<double> sums)
    {
        sums[0] += loss;
        sums[1]++;
        switch (_kind)
        {
            case TargetKind.Classes when IsOfSteps: AddSteps(outputs, targets, sums); break;
            case TargetKind.Classes:
                AddClass(ArgMax(outputs), (int)targets[0], sums);
                if (Top > 0 && IsInTop(outputs, (int)targets[0])) sums[Count - 1]++;
                break;
            case TargetKind.Binary when _outputs == 1: AddClass(outputs[0] > 0 ? 1 : 0, targets[0] > 0.5f ? 1 : 0, sums); break;
            case TargetKind.Binary: AddBinaries(outputs, targets, sums); break;
            case TargetKind.Values:
            case TargetKind.Input:
            default: AddValues(outputs, targets, sums); break;
        }
    }

    private void AddClass(int predicted, int actual, Span<double> sums)
    {
        if (predicted == actual) sums[2]++;
        if (_confusionClasses > 0) sums[ConfusionStart + actual * _confusionClasses + predicted]++;
    }

    /// <summary>outputs [steps, classes], targets [steps], of the steps that count.</summary>
    private static void AddSteps(ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, Span<double> sums)
    {
        int correct = 0, classes = outputs.Length / targets.Length;
        for (int t = 0; t < targets.Length; t++)
        {
            if (ArgMax(outputs.Slice(t * classes, classes)) == (int)targets[t]) correct++;
        }
        sums[2] += (double)correct / targets.Length;
    }

    private static void AddBinaries(ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, Span<double> sums)
    {
        int correct = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            if ((outputs[i] > 0) == (targets[i] > 0.5f)) correct++;
        }
        sums[2] += (double)correct / outputs.Length;
    }

    private static void AddValues(ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, Span<double> sums)
    {
        double absolute = 0, squared = 0, target = 0, targetSquared = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            double t = targets[i], error = outputs[i] - t;
            absolute += Math.Abs(error);
            squared += error * error;
            target += t;
            targetSquared += t * t;
        }
        sums[2] += absolute / outputs.Length;
        sums[3] += squared / outputs.Length;
        sums[4] += target / outputs.Length;
        sums[5] += targetSquared / outputs.Length;
    }

    // Of equals the first is the more probable, as for the one that is taken.
    private bool IsInTop(ReadOnlySpan<float> outputs, int label)
    {
        int before = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            if (outputs[i] > outputs[label] || (outputs[i] == outputs[label] && i < label)) before++;
        }
        return before < Top;
    }

    // The first of equals.
    private static int ArgMax(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] > values[best]) best = i;
        }
        return best;
    }
}
