using System.Diagnostics;
using DistBp.Learning.Initialization;

namespace DistBp.Learning.Schedules;

/// <summary>
/// The learning rate as a function of the step alone. During the warm-up it is multiplied by (step + 1) / warmupSteps; epochs are counted
/// from 0 from the first step of all. Cosine goes from the end of the warm-up to the last step.
/// </summary>
public sealed class Schedule
{
    private readonly ScheduleDescription _description;
    private readonly double _baseRate;
    private readonly long _stepsPerEpoch;
    private readonly long _totalSteps;

    private Schedule(ScheduleDescription description, double baseRate, long stepsPerEpoch, long totalSteps)
        => (_description, _baseRate, _stepsPerEpoch, _totalSteps) = (description, baseRate, Math.Max(1, stepsPerEpoch), totalSteps);

    public static Schedule Create(ScheduleDescription description, double baseRate, long stepsPerEpoch, long totalSteps)
        => new(description, baseRate, stepsPerEpoch, totalSteps);

    /// <param name="step">Counted from 0 over the whole run.</param>
    /// <param name="plateauFactor">What a plateau has come to; 1 for every other schedule.</param>
    public double Rate(long step, double plateauFactor = 1)
    {
        long warmup = _description.WarmupSteps;
        double rate = _baseRate * Factor(step) * plateauFactor;
        return step < warmup ? rate * ((step + 1.0) / warmup) : rate;
    }

    private double Factor(long step)
    {
        long epoch = step / _stepsPerEpoch;
        return _description switch
        {
            ConstantSchedule or PlateauSchedule => 1,
            InverseTimeSchedule inverse => 1 / (1 + inverse.Decay * epoch),
            StepSchedule steps => PortableMath.Power(steps.Factor, epoch / Math.Max(1, steps.EveryEpochs)),
            ExponentialSchedule exponential => PortableMath.Power(exponential.Factor, epoch),
            CosineSchedule cosine => Cosine(cosine, step),
            RampSchedule ramp => Ramp(ramp, step),
            _ => throw new UnreachableException($"Schedule {_description.Kind}."),
        };
    }

    private static double Ramp(RampSchedule ramp, long step) =>
        PortableMath.Exp(PortableMath.Log(ramp.Factor) * Math.Min(1, (double)step / Math.Max(1, ramp.Steps - 1)));

    private double Cosine(CosineSchedule cosine, long step)
    {
        long first = cosine.WarmupSteps, last = Math.Max(first + 1, _totalSteps - 1);
        double progress = Math.Clamp((double)(step - first) / (last - first), 0, 1);
        return cosine.Minimum + (1 - cosine.Minimum) * 0.5 * (1 + PortableMath.CosPi(progress));
    }
}
