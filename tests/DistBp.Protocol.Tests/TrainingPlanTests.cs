using DistBp.Learning.Data;
using DistBp.Learning.Metrics;
using DistBp.Learning.Schedules;
using DistBp.Protocol.Consistency;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests;

public sealed class TrainingPlanTests
{
    private static readonly TrainingPlan s_plan = new()
    {
        Slices = 2,
        UpdatedCount = 8192,
        StepsPerEpoch = 4,
        Epochs = 3,
        StartProgress = TrainingProgress.Start(1),
        Metrics = new MetricSet(TargetKind.Classes, 2),
        EvaluationSamples = new Dictionary<DataPart, int> { [DataPart.Test] = 100 },
        FinalParts = [DataPart.Test],
    };

    [Fact]
    public void Members_step_on_through_the_ends_of_epochs_at_which_nothing_is_to_be_done()
    {
        Assert.Equal([12], Stops(s_plan));
        Assert.Equal([5, 10, 12], Stops(s_plan with { CheckpointEverySteps = 5 }));
        Assert.Equal([8, 12], Stops(s_plan with { CheckpointEverySteps = 8 }));
        Assert.Equal([12], Stops(s_plan with { Consistency = new BspMode(BackupWorkers: 1) }));
    }

    [Theory]
    [InlineData("a validation part")]
    [InlineData("early stopping")]
    [InlineData("a plateau schedule")]
    [InlineData("a verdict")]
    [InlineData("ssp")]
    [InlineData("async")]
    [InlineData("localSgd")]
    public void They_stop_at_each_where_it_has(string something)
    {
        TrainingPlan plan = something switch
        {
            "a validation part" => s_plan with { EvaluationSamples = new Dictionary<DataPart, int> { [DataPart.Validation] = 100 } },
            "early stopping" => s_plan with { EarlyStopping = new EarlyStopping(DataPart.Train, false, 2, 0, false) },
            "a plateau schedule" => s_plan with { Plateau = new PlateauSchedule(Factor: 0.5, Patience: 2) },
            "a verdict" => s_plan with { JudgesEpochs = true },
            "ssp" => s_plan with { Consistency = new SspMode(2) },
            "async" => s_plan with { Consistency = new AsyncMode() },
            _ => s_plan with { Consistency = new LocalSgdMode(4) },
        };
        Assert.Equal([4, 8, 12], Stops(plan));
        Assert.Equal([4, 5, 8, 10, 12], Stops(plan with { CheckpointEverySteps = 5 }));
    }

    [Fact]
    public void Servers_that_keep_reports_stop_before_they_would_keep_too_many()
    {
        TrainingPlan plan = s_plan with { Epochs = 3000 };
        Assert.Equal([12_000], Stops(plan));
        Assert.Equal([4096, 8192, 12_000], Stops(plan with { Replication = 1 }));
        Assert.Equal([4096, 8192, 12_000], Stops(plan with { OutlivesCoordinator = true }));
    }

    private static long[] Stops(TrainingPlan plan)
    {
        var stops = new List<long>();
        for (long version = 0; version < plan.TotalSteps; stops.Add(version)) version = plan.NextStop(version);
        return [.. stops];
    }
}
