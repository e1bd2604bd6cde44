using System.Globalization;

namespace DistBp.Protocol;

/// <summary>
/// The coordinator's durable state: what a resumed run needs beside the parameters to go on exactly as if it had never stopped. Kept in
/// checkpoints as named numbers.
/// </summary>
public sealed record TrainingProgress
{
    public int EpochsCompleted { get; init; }

    /// <summary>Metric sums of the epoch under way, added in the order of the steps.</summary>
    public required IReadOnlyList<double> EpochSums { get; init; }

    /// <summary>Of the last whole epoch.</summary>
    public IReadOnlyList<double>? TrainSums { get; init; }

    public IReadOnlyList<double>? ValidationSums { get; init; }

    /// <summary>Early stopping: the best value of its metric; NaN before the first epoch.</summary>
    public double BestMetric { get; init; } = double.NaN;

    public int BestEpoch { get; init; }

    public int EpochsSinceBest { get; init; }

    public IReadOnlyList<double>? BestTrainSums { get; init; }

    public IReadOnlyList<double>? BestValidationSums { get; init; }

    public bool StoppedEarly { get; init; }

    /// <summary>Plateau schedule: the factor on the rate, the best loss (NaN before the first epoch) and the epochs since.</summary>
    public double RateFactor { get; init; } = 1;

    public double PlateauBest { get; init; } = double.NaN;

    public int PlateauEpochs { get; init; }

    /// <summary>Steps so far that clipping acted in, and that were left unapplied because their loss or gradient was not finite.</summary>
    public long ClippedSteps { get; init; }

    public long SkippedSteps { get; init; }

    public static TrainingProgress Start(int metricCount) => new() { EpochSums = new double[metricCount] };

    /// <summary>The form that a checkpoint keeps. NaN is left out.</summary>
    public IReadOnlyDictionary<string, double> ToNumbers()
    {
        var numbers = new Dictionary<string, double>
        {
            ["epochsCompleted"] = EpochsCompleted,
            ["bestEpoch"] = BestEpoch,
            ["epochsSinceBest"] = EpochsSinceBest,
            ["stoppedEarly"] = StoppedEarly ? 1 : 0,
            ["rateFactor"] = RateFactor,
            ["plateauEpochs"] = PlateauEpochs,
            ["clippedSteps"] = ClippedSteps,
            ["skippedSteps"] = SkippedSteps,
        };
        if (!double.IsNaN(BestMetric)) numbers["bestMetric"] = BestMetric;
        if (!double.IsNaN(PlateauBest)) numbers["plateauBest"] = PlateauBest;
        Put(numbers, "epochSums", EpochSums);
        Put(numbers, "trainSums", TrainSums);
        Put(numbers, "validationSums", ValidationSums);
        Put(numbers, "bestTrainSums", BestTrainSums);
        Put(numbers, "bestValidationSums", BestValidationSums);
        return numbers;
    }

    /// <exception cref="KeyNotFoundException">A number is missing: not written by this version.</exception>
    public static TrainingProgress FromNumbers(IReadOnlyDictionary<string, double> numbers) => new()
    {
        EpochsCompleted = (int)numbers["epochsCompleted"],
        BestEpoch = (int)numbers["bestEpoch"],
        EpochsSinceBest = (int)numbers["epochsSinceBest"],
        StoppedEarly = numbers["stoppedEarly"] != 0,
        RateFactor = numbers["rateFactor"],
        PlateauEpochs = (int)numbers["plateauEpochs"],
        ClippedSteps = (long)numbers.GetValueOrDefault("clippedSteps"),
        SkippedSteps = (long)numbers.GetValueOrDefault("skippedSteps"),
        BestMetric = numbers.GetValueOrDefault("bestMetric", double.NaN),
        PlateauBest = numbers.GetValueOrDefault("plateauBest", double.NaN),
        EpochSums = Get(numbers, "epochSums") ?? [],
        TrainSums = Get(numbers, "trainSums"),
        ValidationSums = Get(numbers, "validationSums"),
        BestTrainSums = Get(numbers, "bestTrainSums"),
        BestValidationSums = Get(numbers, "bestValidationSums"),
    };

    private static void Put(Dictionary<string, double> numbers, string name, IReadOnlyList<double>? values)
    {
        for (int i = 0; i < (values?.Count ?? 0); i++) numbers[Key(name, i)] = values![i];
    }

    private static List<double>? Get(IReadOnlyDictionary<string, double> numbers, string name)
    {
        var values = new List<double>();
        while (numbers.TryGetValue(Key(name, values.Count), out double value)) values.Add(value);
        return values.Count == 0 ? null : values;
    }

    private static string Key(string name, int index) => string.Create(CultureInfo.InvariantCulture, $"{name}.{index}");
}
