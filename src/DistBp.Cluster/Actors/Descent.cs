using DistBp.Cluster.Configuration;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Kernels;
using DistBp.Learning.Optimizers;
using DistBp.Learning.Schedules;

namespace DistBp.Cluster.Actors;

/// <summary>How a mean gradient moves parameters: the job's way, or the outer step over what workers have moved by themselves.</summary>
internal sealed class Descent
{
    private readonly Network _network;
    private readonly GradientTreatment[] _treatments;
    private readonly double[] _rateFactors;
    private readonly double _leastRateFactor;
    private readonly float? _momentum;
    private readonly Schedule _schedule;

    private Descent(
        Network network, OptimizerDescription optimizer, Schedule schedule, GradientTreatment[] treatments, ClipDescription clip, double[] rateFactors,
        double leastRateFactor, float? momentum)
    {
        (_network, Optimizer, _schedule, _treatments, Clip) = (network, Optimizer.Create(optimizer), schedule, treatments, clip);
        (_rateFactors, _leastRateFactor, _momentum) = (rateFactors, leastRateFactor, momentum);
    }

    public Optimizer Optimizer { get; }

    public ClipDescription Clip { get; }

    /// <param name="arrivals">The job's optimizer, or what is left of it where gradients arrive sparse.</param>
    public static Descent OfJob(JobDescription job, Network network, MiniBatchGeometry geometry, SparseArrivals arrivals) => new(
        network, arrivals.Optimizer,
        Schedule.Create(job.Schedule, job.Optimizer.Rate, geometry.StepsPerEpoch, (long)geometry.StepsPerEpoch * job.Epochs),
        [.. network.Parameters.Views.Select(v => v.Trained ? Treatment(job, v.Description.Kind) : GradientTreatment.None)], job.Clip,
        [.. LayerRates.OfViews(job.Rates, network).Select(factor => factor * arrivals.RateFactor)],
        job.Schedule is PlateauSchedule plateau ? Math.Min(1, plateau.MinRate / job.Optimizer.Rate) : 0, momentum: null);

    /// <summary>What is penalized and clipped was so in each local step; running statistics become the mean of the workers'.</summary>
    public static Descent Outer(JobDescription job, Network network)
    {
        var arrivals = SparseArrivals.Of(job.ServerOptimizer, job.Wire.Gradients);
        IReadOnlyList<ParameterView> views = network.Parameters.Views;
        return new Descent(
            network, arrivals.Optimizer, Schedule.Create(new ConstantSchedule(), job.ServerOptimizer.Rate, 1, 1), [.. views.Select(_ => GradientTreatment.None)], new ClipDescription(),
            // A plateau lowers the rate of the workers.
            [.. views.Select(_ => arrivals.RateFactor)], leastRateFactor: 1, momentum: 1);
    }

    /// <param name="rateFactor">What a plateau schedule has come to; its least rate bounds it from below.</param>
    public double Rate(long step, double rateFactor) => _schedule.Rate(step, Math.Max(rateFactor, _leastRateFactor));

    /// <summary>Only weights are regularized: a bias or a gain does not make a function steep.</summary>
    public GradientTreatment TreatmentOf(NormSegment segment) => _treatments[segment.View];

    /// <summary>The share of the newest mini-batch in a running statistic.</summary>
    public float MomentumOf(NormSegment statistic) => _momentum ?? _network.Parameters.Views[statistic.View].Description.Momentum;

    /// <summary>What the step's rate is multiplied with: for a layer that has a rate of its own, and where gradients arrive sparse; else 1.</summary>
    /// <param name="view">The parameter's number in the layout.</param>
    public double RateFactorOf(int view) => _rateFactors[view];

    /// <summary>Whether an element of a treated gradient stands at the limit of clip.value.</summary>
    public bool IsClamped(ReadOnlySpan<float> mean) => Clip.Value is { } limit && Magnitudes.Of(mean).Maximum >= (float)limit;

    private static GradientTreatment Treatment(JobDescription job, ParameterKind kind)
    {
        bool weight = kind == ParameterKind.Weight;
        return new GradientTreatment(
            weight ? (float)job.Regularization.L2 : 0, weight ? (float)job.Regularization.L1 : 0,
            (float)(job.Clip.Value ?? double.PositiveInfinity));
    }
}
