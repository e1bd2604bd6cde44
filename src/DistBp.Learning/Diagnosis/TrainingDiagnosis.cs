using System.Globalization;
using DistBp.Learning.Kernels;

namespace DistBp.Learning.Diagnosis;

/// <summary>
/// Says in words what is wrong with a training and what to change. Pure: the same observations give the same findings. The thresholds are
/// wide of what healthy trainings show (update ratios near 1e-3, norms of layers within a factor of 100 of each other, a loss that falls), for a
/// false alarm costs more trust than a late one.
/// </summary>
public static class TrainingDiagnosis
{
    private const int LeastLayers = 3;
    private const int RecentSamples = 3;
    private const double VanishingRatio = 1e-3;
    private const double ExplodingRatio = 1e3;
    private const double HugeUpdate = 3;
    private const double NormGrowth = 100;
    private const int LeastBatchForDead = 16;
    private const double DeadShare = 0.5;
    private const double RisenLoss = 1.2;
    private const double JumpedLoss = 2;
    private const double Swing = 0.1;
    private const int SwingEpochs = 5;
    private const double FlatLoss = 0.98;
    private const double TinyUpdate = 1e-5;

    /// <summary>Whether the one says nothing new to a user who has been told the other: both have one cause, or the one is the
    /// cause of the other (an explosion saturates units, and what is saturated gives no gradient).</summary>
    public static bool Covers(FindingKind told, FindingKind next) => told == next || (told, next) is
        (FindingKind.ExplodingGradients, FindingKind.RateTooHigh) or (FindingKind.RateTooHigh, FindingKind.ExplodingGradients)
        or (FindingKind.ExplodingGradients, FindingKind.VanishingGradients)
        or (FindingKind.DeadUnits, FindingKind.VanishingGradients) or (FindingKind.VanishingGradients, FindingKind.DeadUnits);

    public static IReadOnlyList<Finding> Findings(Observations seen)
    {
        Finding? exploding = Exploding(seen), dead = Dead(seen);
        Finding? vanishing = dead is null ? Vanishing(seen) : null;
        Finding? tooHigh = exploding is null ? RateTooHigh(seen) : null;
        Finding? tooLow = vanishing is null && dead is null && tooHigh is null ? RateTooLow(seen) : null;
        return [.. new[] { vanishing, exploding, dead, tooHigh, tooLow }.OfType<Finding>()];
    }

    /// <summary>Gradients of weights shrink by orders of magnitude from the last layer to the first (Hochreiter, 1991).</summary>
    private static Finding? Vanishing(Observations seen)
    {
        if (seen.Samples.Count < RecentSamples || !seen.Samples.TakeLast(RecentSamples).All(s => Ratio(s) < VanishingRatio)) return null;
        StatisticsSample last = seen.Samples[^1];
        (ParameterFigures first, ParameterFigures end) = Ends(last)!.Value;
        bool saturating = last.Layers.Any(l => l.Function is Activation.Sigmoid or Activation.Tanh);
        return new Finding(
            FindingKind.VanishingGradients,
            $"gradients vanish: from {end.Name} (norm {Real(end.GradientNorm)}) back to {first.Name} (norm {Real(first.GradientNorm)}) they "
            + $"shrink {Times(end.GradientNorm / first.GradientNorm)} at step {last.Step}, so that the first layers hardly learn",
            (saturating ? "use relu (or gelu) with heNormal instead of sigmoid and tanh in hidden layers, " : "use initialization: heNormal, ")
            + "put batchNorm or layerNorm between layers, or use fewer layers or residual ones");
    }

    /// <summary>
    /// Gradients grow by orders of magnitude from the last layer to the first, or from step to step, or are so large that an update is larger
    /// than the parameter (Pascanu, Mikolov, Bengio, ICML 2013). Clipping by norms is the remedy: where it is on, there is nothing to say.
    /// </summary>
    private static Finding? Exploding(Observations seen)
    {
        if (seen.ClipsByNorm) return null;
        string? what = GrowthThroughLayers(seen) ?? HugeUpdates(seen) ?? GrowthThroughSteps(seen);
        return what is null ? null : new Finding(
            FindingKind.ExplodingGradients, $"gradients explode: {what}",
            "add `clip: {globalNorm: 1.0}`, start from smaller weights (initialization: xavierUniform), standardize the data, or lower the learning rate");
    }

    private static string? GrowthThroughLayers(Observations seen)
    {
        foreach (StatisticsSample sample in seen.Samples)
        {
            ParameterFigures[] weights = Weights(sample);
            if (weights.Length < 2 || weights[^1].GradientNorm == 0) continue;
            ParameterFigures largest = weights.MaxBy(w => w.GradientNorm)!;
            double growth = largest.GradientNorm / weights[^1].GradientNorm;
            if (growth <= ExplodingRatio) continue;
            return $"from {weights[^1].Name} (norm {Real(weights[^1].GradientNorm)}) back to {largest.Name} (norm {Real(largest.GradientNorm)}) "
                + $"they grow {Times(growth)} at step {sample.Step}";
        }
        return null;
    }

    private static string? GrowthThroughSteps(Observations seen)
    {
        // Where the very updates are too large, the rate is to blame.
        if (seen.EpochGradientNorms.Count == 0 || !(seen.FirstGradientNorm > 0) || SizeOfUpdates(seen) is not null) return null;
        double growth = seen.EpochGradientNorms[^1] / seen.FirstGradientNorm;
        return growth > NormGrowth && seen.EpochLosses[^1] > seen.FirstLoss
            ? $"their norm has grown {Times(growth)}, from {Real(seen.FirstGradientNorm)} at the first step to {Real(seen.EpochGradientNorms[^1])} in epoch {seen.EpochLosses.Count}"
            : null;
    }

    private static string? HugeUpdates(Observations seen)
    {
        foreach (StatisticsSample sample in seen.Samples)
        {
            ParameterFigures? worst = Weights(sample).Where(w => w.GradientNorm > w.Norm).MaxBy(w => w.UpdateRatio);
            if (worst is null || !(worst.UpdateRatio > HugeUpdate)) continue;
            return $"the gradient of {worst.Name} has the norm {Real(worst.GradientNorm)} at step {sample.Step}, and the update was "
                + $"{Real(worst.UpdateRatio)} times as large as the parameter itself";
        }
        return null;
    }

    /// <summary>
    /// A unit whose relu gives 0 for every sample has a bias gradient of exactly 0. Units that were silent in each of the last samples are
    /// taken for dead.
    /// </summary>
    private static Finding? Dead(Observations seen)
    {
        if (seen.Samples.Count < RecentSamples || seen.Batch < LeastBatchForDead) return null;
        StatisticsSample[] recent = [.. seen.Samples.TakeLast(RecentSamples)];
        foreach (ParameterFigures bias in recent[^1].Parameters.Where(p => p.Kind == ParameterKind.Bias && IsBeforeRelu(recent[^1], p.Layer)))
        {
            double share = recent.Min(s => s.Parameters.First(p => p.Name == bias.Name).ZeroShare);
            if (share < DeadShare) continue;
            string layer = bias.Name[..bias.Name.LastIndexOf('.')];
            return new Finding(
                FindingKind.DeadUnits,
                $"units are dead: {Math.Round(share * bias.Count)} of {bias.Count} of layer {layer} gave 0 for every sample of the mini-batches at steps "
                + string.Join(", ", recent.Select(s => s.Step)),
                "lower the learning rate, use leakyRelu or gelu instead of relu, put batchNorm before it, or start from initialization: heNormal");
        }
        return null;
    }

    /// <summary>The loss rises above where it began, jumps, or swings from epoch to epoch.</summary>
    private static Finding? RateTooHigh(Observations seen)
    {
        string? what = SizeOfUpdates(seen) ?? CourseOfLoss(seen);
        return what is null ? null : new Finding(
            FindingKind.RateTooHigh, $"the learning rate is too high: {what}",
            "lower it to a third or a tenth, add warmupSteps to the schedule, or use a larger batch");
    }

    private static string? SizeOfUpdates(Observations seen)
    {
        foreach (StatisticsSample sample in seen.Samples)
        {
            ParameterFigures? worst = Weights(sample).Where(w => w.Norm > 0).MaxBy(w => w.UpdateRatio);
            if (worst?.UpdateRatio > HugeUpdate)
                return $"the update of {worst.Name} was {Real(worst.UpdateRatio)} times as large as the parameter itself at step {sample.Step}";
        }
        return null;
    }

    private static string? CourseOfLoss(Observations seen)
    {
        IReadOnlyList<double> losses = seen.EpochLosses;
        if (losses.Count == 0) return null;
        double first = double.IsFinite(seen.FirstLoss) ? seen.FirstLoss : losses[0];
        double[] recent = [.. losses.TakeLast(SwingEpochs)];
        int rises = recent.Zip(recent.Skip(1)).Count(pair => pair.Second > pair.First + Swing * first);
        if (losses[^1] > JumpedLoss * first)
            return $"the loss has jumped from {Real(first)} at the first step to {Real(losses[^1])} in epoch {losses.Count}";
        if (losses.Count >= 2 && losses[^1] > RisenLoss * first && losses[^2] > RisenLoss * first)
            return $"the loss is {Real(losses[^1])} in epoch {losses.Count}, higher than before the first step ({Real(first)})";
        return rises >= 2 ? $"the loss oscillates: {string.Join(", ", recent.Select(Real))} in the last epochs" : null;
    }

    /// <summary>The loss stays where it began while updates are far smaller than the parameters.</summary>
    private static Finding? RateTooLow(Observations seen)
    {
        if (seen.EpochLosses.Count < 2 || seen.Samples.Count < RecentSamples || !(seen.EpochLosses[^1] > FlatLoss * seen.FirstLoss)) return null;
        double[] ratios = [.. seen.Samples.SelectMany(Weights).Select(w => w.UpdateRatio).Where(double.IsFinite)];
        if (ratios.Length == 0 || Median(ratios) >= TinyUpdate) return null;
        return new Finding(
            FindingKind.RateTooLow,
            $"the learning rate is too low: after {seen.EpochLosses.Count} epochs the loss is still {Real(seen.EpochLosses[^1])} ({Real(seen.FirstLoss)} at the "
            + $"first step), and an update changes a parameter by {Real(Median(ratios))} of its size (about 1e-3 is usual)",
            "raise it tenfold, and again while the loss falls faster");
    }

    /// <summary>Norm of the first weight's gradient by that of the last one's; NaN where that says nothing.</summary>
    private static double Ratio(StatisticsSample sample)
        => Ends(sample) is var (first, last) && last.GradientNorm > 0 ? first.GradientNorm / last.GradientNorm : double.NaN;

    private static (ParameterFigures First, ParameterFigures Last)? Ends(StatisticsSample sample)
        => Weights(sample) is { Length: >= LeastLayers } weights ? (weights[0], weights[^1]) : null;

    private static ParameterFigures[] Weights(StatisticsSample sample) => [.. sample.Parameters.Where(p => p.Kind == ParameterKind.Weight)];

    private static bool IsBeforeRelu(StatisticsSample sample, int layer)
    {
        LayerFigures? own = sample.Layers.FirstOrDefault(l => l.Index == layer), next = sample.Layers.FirstOrDefault(l => l.Index == layer + 1);
        return own?.Function == Activation.Relu || (own?.Function == Activation.Identity && next?.Function == Activation.Relu);
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static string Real(double value) => value.ToString("G3", CultureInfo.InvariantCulture);

    private static string Times(double factor) =>
        double.IsFinite(factor) ? $"{Real(factor)} times" : "to nothing";
}
