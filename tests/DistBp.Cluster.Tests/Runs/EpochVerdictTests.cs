using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Storage;
using DistBp.Protocol.Effects;

namespace DistBp.Cluster.Tests.Runs;

public sealed class EpochVerdictTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 2, 2)]
    [InlineData(2, 3, 4)]
    public async Task A_run_that_is_ended_after_an_epoch_has_exactly_its_steps(int epochs, int workers, int servers)
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "epochs=6");
        RunResult ended = await RunAsync(job, workers, servers, e => e.Epoch == epochs), whole = await RunAsync(job with { Epochs = epochs }, 1, 1, null);
        Assert.Equal(RunStatus.StoppedEarly, ended.Status);
        Assert.Equal(epochs * SmallJobs.StepsPerEpoch, ended.Steps);
        Assert.Equal(whole.WeightsSha256, ended.WeightsSha256);
        Assert.Equal(whole.ValidationLoss, ended.ValidationLoss);
    }

    [Fact]
    public async Task A_run_that_is_never_ended_completes()
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam);
        RunResult judged = await RunAsync(job, 2, 1, _ => false), whole = await RunAsync(job, 1, 1, null);
        Assert.Equal(RunStatus.Completed, judged.Status);
        Assert.Equal(whole.WeightsSha256, judged.WeightsSha256);
    }

    private static async Task<RunResult> RunAsync(JobDescription job, int workers, int servers, Func<EpochFigures, bool>? endsAfter)
    {
        using var folder = new TemporaryFolder();
        var options = new TrainingOptions { Workers = workers, Servers = servers, OutFolder = folder["run"] };
        return await TrainingSession.RunAsync(
            job, options, new SessionVariant { EndsAfter = endsAfter, WritesCheckpoints = workers > 1 }, [], CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(100));
    }
}
