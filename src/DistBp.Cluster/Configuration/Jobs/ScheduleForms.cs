using DistBp.Cluster.Configuration.Forms;
using DistBp.Learning.Schedules;
using static DistBp.Cluster.Configuration.Forms.Numbers;

namespace DistBp.Cluster.Configuration.Jobs;

/// <summary>How learning-rate schedules are written in a job file. A new schedule is one more entry.</summary>
internal static class ScheduleForms
{
    private static readonly CountForm WarmupSteps = Count(0, sample: 100);

    public static readonly OneOfForm<ScheduleDescription> Schedule = new("schedule", s => s.Kind,
    [
        Of(new ConstantSchedule(), (f, s) => s with { WarmupSteps = f.Field("warmupSteps", s.WarmupSteps, WarmupSteps) }),
        Of(new InverseTimeSchedule(0), (f, s) => s with
        {
            Decay = f.Field("decay", s.Decay, NotNegative, required: true),
            WarmupSteps = f.Field("warmupSteps", s.WarmupSteps, WarmupSteps),
        }, shorthand: "decay"),
        Of(new StepSchedule(0), (f, s) => s with
        {
            EveryEpochs = f.Field("everyEpochs", s.EveryEpochs, Count(1), required: true),
            Factor = f.Field("factor", s.Factor, Factor),
            WarmupSteps = f.Field("warmupSteps", s.WarmupSteps, WarmupSteps),
        }, shorthand: "everyEpochs"),
        Of(new ExponentialSchedule(0), (f, s) => s with
        {
            Factor = f.Field("factor", s.Factor, Factor, required: true),
            WarmupSteps = f.Field("warmupSteps", s.WarmupSteps, WarmupSteps),
        }, shorthand: "factor"),
        Of(new CosineSchedule(), (f, s) => s with
        {
            Minimum = f.Field("minimum", s.Minimum, Share),
            WarmupSteps = f.Field("warmupSteps", s.WarmupSteps, WarmupSteps),
        }),
        Of(new RampSchedule(0, 0), (f, s) => s with
        {
            Factor = f.Field("factor", s.Factor, Positive, required: true),
            Steps = f.Field("steps", s.Steps, Count(2, sample: 200), required: true),
            WarmupSteps = f.Field("warmupSteps", s.WarmupSteps, WarmupSteps),
        }),
        Of(new PlateauSchedule(), (f, s) => s with
        {
            Factor = f.Field("factor", s.Factor, Fraction),
            Patience = f.Field("patience", s.Patience, Count(1, sample: 5)),
            MinDelta = f.Field("minDelta", s.MinDelta, NotNegative),
            MinRate = f.Field("minRate", s.MinRate, NotNegative),
            WarmupSteps = f.Field("warmupSteps", s.WarmupSteps, WarmupSteps),
        }),
    ],
    notAvailable: []);

    private static Variant<ScheduleDescription> Of<T>(T prototype, Func<IFields, T, T> describe, string? shorthand = null)
        where T : ScheduleDescription => Variant<ScheduleDescription>.Of(prototype.Kind, prototype, describe, shorthand);
}
