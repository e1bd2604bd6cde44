namespace DistBp.Learning.Schedules;

/// <summary>How the learning rate changes; a warm-up raises it linearly over the first <paramref name="WarmupSteps"/> steps.</summary>
public abstract record ScheduleDescription(int WarmupSteps)
{
    /// <summary>The word in a job file: "constant", "inverseTime".</summary>
    public abstract string Kind { get; }
}

public sealed record ConstantSchedule(int WarmupSteps = 0) : ScheduleDescription(WarmupSteps)
{
    public override string Kind => "constant";
}

/// <summary>rate / (1 + decay · epoch), epoch counted from 0, constant within an epoch.</summary>
public sealed record InverseTimeSchedule(double Decay, int WarmupSteps = 0) : ScheduleDescription(WarmupSteps)
{
    public override string Kind => "inverseTime";
}

/// <summary>rate · factor^⌊epoch / everyEpochs⌋.</summary>
public sealed record StepSchedule(int EveryEpochs, double Factor = 0.1, int WarmupSteps = 0) : ScheduleDescription(WarmupSteps)
{
    public override string Kind => "step";
}

/// <summary>rate · factor^epoch.</summary>
public sealed record ExponentialSchedule(double Factor, int WarmupSteps = 0) : ScheduleDescription(WarmupSteps)
{
    public override string Kind => "exponential";
}

/// <summary>From the rate after warm-up down to rate · minimum at the last step along half a cosine (Loshchilov, Hutter, ICLR 2017), step by step.</summary>
public sealed record CosineSchedule(double Minimum = 0, int WarmupSteps = 0) : ScheduleDescription(WarmupSteps)
{
    public override string Kind => "cosine";
}

/// <summary>rate · factor^(step / (steps − 1)), so that the rate grows by the same share at each step and is rate · factor from step
/// <paramref name="Steps"/> − 1 on: for range tests.</summary>
public sealed record RampSchedule(double Factor, int Steps, int WarmupSteps = 0) : ScheduleDescription(WarmupSteps)
{
    public override string Kind => "ramp";
}

/// <summary>rate · factor^n, where n counts the times that the validation loss (without validation data: the training loss) did not improve by
/// more than MinDelta for Patience epochs.</summary>
public sealed record PlateauSchedule(double Factor = 0.1, int Patience = 5, double MinDelta = 0, double MinRate = 0, int WarmupSteps = 0)
    : ScheduleDescription(WarmupSteps)
{
    public override string Kind => "plateau";
}
