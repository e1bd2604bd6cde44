using DistBp.Learning.Data;
using DistBp.Learning.Metrics;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests;

public sealed class CourseTests
{
    private static readonly TrainingPlan s_plan = new()
    {
        Slices = 2,
        Replication = 1,
        OutlivesCoordinator = true,
        UpdatedCount = 8192,
        StepsPerEpoch = 100,
        Epochs = 1,
        StartProgress = TrainingProgress.Start(3),
        Metrics = new MetricSet(TargetKind.Classes, 2),
        EvaluationSamples = new Dictionary<DataPart, int>(),
        FinalParts = [],
    };

    /// <summary>Who takes over from that course makes the step and counts it: it must not be in the course's sums already.</summary>
    [Fact]
    public void A_step_that_its_reporter_alone_made_before_it_died_is_in_no_course_until_it_is_made_again()
    {
        var machine = new Coordinator(s_plan);
        var effects = new EffectList();
        machine.Step(new MembersChanged([0], [0, 1, 2], []), effects);
        Generation generation = LetStep(machine, effects, [0, 1, 2]);
        machine.Step(Report(generation, 0, 1, clipped: true), effects);
        machine.Step(Report(generation, 1, 10, clipped: true), effects);

        effects.Clear();
        machine.Step(new MembersChanged([0], [1, 2], [Address.Server(0)]), effects);
        foreach (int server in (int[])[1, 2]) machine.Step(new Suspended(generation, server, 1, 0), effects);
        RequireCourse(Last<Assign>(effects).Course, 1, 1, 1);
        generation = LetStep(machine, effects, [1, 2]);
        RequireCourse(Last<Proceed>(effects, Role.Server).Course, 1, 1, 1);
        foreach (int server in (int[])[1, 2])
        {
            machine.Step(new CopyFilled(generation, server, 1), effects);
            machine.Step(new CopyFilled(generation, server, 2), effects);
        }
        machine.Step(Report(generation, 1, 10, clipped: true), effects);
        machine.Step(Report(generation, 2, 100, clipped: false), effects);

        effects.Clear();
        machine.Step(new MembersChanged([0], [1], []), effects);
        foreach (int server in (int[])[1, 2]) machine.Step(new Suspended(generation, server, 3, 0), effects);
        RequireCourse(Last<Assign>(effects).Course, 3, 111, 2);
    }

    /// <summary>Nobody stops at the end of the epoch that the step ends: it was told of, and who takes over from that course ends it once more.</summary>
    [Fact]
    public void Nor_is_the_end_of_an_epoch_that_such_a_step_has_brought()
    {
        TrainingPlan plan = s_plan with { StepsPerEpoch = 2, Epochs = 50 };
        var machine = new Coordinator(plan);
        var effects = new EffectList();
        machine.Step(new MembersChanged([0], [0, 1, 2], []), effects);
        Generation generation = LetStep(machine, effects, [0, 1, 2]);
        Assert.Equal(100, Last<Proceed>(effects).Until);
        for (int step = 0; step < 4; step++) machine.Step(Report(generation, step, Math.Pow(10, step), clipped: true), effects);
        Assert.Equal([(1, 11.0), (2, 1100)], Epochs(effects));

        effects.Clear();
        machine.Step(new MembersChanged([0], [1, 2], [Address.Server(0)]), effects);
        foreach (int server in (int[])[1, 2]) machine.Step(new Suspended(generation, server, 3, 0), effects);
        Course course = Last<Assign>(effects).Course!;
        RequireCourse(course, 3, 100, 3);
        Assert.Equal((1, 11), (course.Progress.EpochsCompleted, course.Progress.TrainSums![0]));
        generation = LetStep(machine, effects, [1, 2]);
        RequireCourse(Last<Proceed>(effects, Role.Server).Course, 3, 100, 3);

        effects.Clear();
        for (int step = 3; step < 6; step++) machine.Step(Report(generation, step, Math.Pow(10, step), clipped: false), effects);
        Assert.Equal([(3, 110_000.0)], Epochs(effects));

        var held = new Assignment(generation, [0], [1, 2], s_plan.Slices, s_plan.UpdatedCount) { Replication = 1 };
        var next = new Coordinator(plan with { PersistedBefore = 6 }, term: 2, takesOver: true);
        effects.Clear();
        next.Step(new MembersChanged([0], [1, 2], []), effects);
        foreach (int server in (int[])[1, 2])
        {
            next.Step(
                new ServerStanding(2, server, held, held, 6, 0)
                {
                    Course = course, Reports = [.. Enumerable.Range(3, 3).Select(step => Report(generation, step, Math.Pow(10, step), clipped: false))],
                },
                effects);
        }
        Assert.Equal([(2, 1100.0), (3, 110_000)], Epochs(effects));
        Course gone = Last<Assign>(effects).Course!;
        RequireCourse(gone, 6, 0, 3);
        Assert.Equal(3, gone.Progress.EpochsCompleted);
    }

    private static (int Epoch, double Sum)[] Epochs(EffectList effects) =>
        [.. effects.Entries.ToArray().Select(e => e.Effect).OfType<ReportEpoch>().Select(e => (e.Epoch, e.TrainSums[0]))];

    private static StepCommitted Report(Generation generation, long step, double sum, bool clipped) => new(generation, step, new double[] { sum, 1, 0 }, 1, clipped);

    /// <summary>All take up the assignment that was sent last.</summary>
    private static Generation LetStep(Coordinator machine, EffectList effects, int[] servers)
    {
        Generation generation = Last<Assign>(effects).Generation;
        effects.Clear();
        foreach (int server in servers) machine.Step(new ServerReady(generation, server), effects);
        machine.Step(new WorkerReady(generation, 0), effects);
        return generation;
    }

    private static T Last<T>(EffectList effects, Role? role = null) where T : Message =>
        effects.Entries.ToArray().Where(e => role is null || e.Target.Role == role).Select(e => e.Message).OfType<T>().Last();

    private static void RequireCourse(Course? course, long from, double sum, long clipped)
    {
        Assert.NotNull(course);
        Assert.Equal(from, course.From);
        Assert.Equal(sum, course.Progress.EpochSums[0]);
        Assert.Equal(clipped, course.Progress.ClippedSteps);
    }
}
