using DistBp.Cluster.Configuration;
using DistBp.Cluster.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Runs;

public sealed class ResumeTests
{
    [Theory]
    [InlineData("sgd")]
    [InlineData("momentum")]
    [InlineData("nesterov")]
    [InlineData("adagrad")]
    [InlineData("rmsprop")]
    [InlineData("adam")]
    [InlineData("adamw")]
    [InlineData("autoencoder")]
    [InlineData("lstm")]
    [InlineData("regularized")]
    [InlineData("denoisingAutoencoder")]
    [InlineData("cnn")]
    [InlineData("batchNorm")]
    [InlineData("embedding")]
    public async Task Interrupted_in_an_epoch_and_at_an_epochs_end_and_gone_on_elsewhere_it_ends_with_the_same_bits(string name)
    {
        JobDescription job = SmallJobs.Of(SmallJobs.EveryOptimizer[name], "epochs=4");
        Outcome expected = (await TestRun.WholeAsync(job)).Outcome;
        using var run = new TestRun();
        Outcome outcome = await run.TrainInPiecesAsync(job, [(5, 2, 3), (2 * SmallJobs.StepsPerEpoch, 5, 1)], last: (3, 2));
        Assert.Equal(expected, outcome);
        Assert.Equal(2, RunResult.Load(run.Paths.Result).Restarts);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_stop_at_an_epochs_end_falls_there_and_the_next_epoch_begins_anew(int epochs)
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "epochs=3");
        (Outcome expected, RunProbe whole) = await TestRun.WholeAsync(job);
        using var run = new TestRun();
        using var probe = new RunProbe { StopAtStep = epochs * SmallJobs.StepsPerEpoch };
        RunResult interrupted = await run.TrainAsync(job, 2, 1, probe);
        Assert.Equal((epochs * SmallJobs.StepsPerEpoch, epochs), (interrupted.Steps, interrupted.Epochs));
        Assert.Equal(whole.Epochs[epochs - 1].Train, probe.Epochs[^1].Train);

        using var rest = new RunProbe();
        Assert.Equal(expected, Outcome.Of(await run.TrainAsync(job, 1, 3, rest)));
        Assert.Equal(whole.Steps[(int)interrupted.Steps..], rest.Steps);
        Assert.Equal(whole.Epochs[epochs..].Select(e => (e.Epoch, e.Train, e.Validation)), rest.Epochs.Select(e => (e.Epoch, e.Train, e.Validation)));
    }

    [Fact]
    public async Task Early_stopping_the_best_parameters_and_the_plateau_survive_interruptions_anywhere()
    {
        JobDescription job = SmallJobs.Of(SmallJobs.StopsEarly);
        (Outcome expected, RunProbe whole) = await TestRun.WholeAsync(job);
        Assert.Equal("StoppedEarly", expected.Status);
        double best = whole.Epochs.Min(e => e.Validation!.Loss);
        int bestEpoch = whole.Epochs.First(e => e.Validation!.Loss == best).Epoch;
        Assert.Equal((best, bestEpoch + 3), (expected.ValidationLoss!.Value, expected.Epochs));
        Assert.Contains(whole.Epochs, e => e.Note.Contains("learning rate", StringComparison.Ordinal));

        long afterBest = (bestEpoch + 1) * SmallJobs.StepsPerEpoch;
        foreach (long cut in new[] { SmallJobs.StepsPerEpoch, bestEpoch * SmallJobs.StepsPerEpoch, afterBest - 4, afterBest })
        {
            using var run = new TestRun();
            Outcome outcome = await run.TrainInPiecesAsync(job, [(3, 3, 2), (cut, 1, 3)], last: (2, 1));
            Assert.Equal((cut, expected), (cut, outcome));
        }
    }

    [Fact]
    public async Task Going_on_with_a_run_that_is_complete_or_stopped_early_changes_nothing_but_the_restarts()
    {
        foreach (JobDescription job in new[] { SmallJobs.Of(SmallJobs.Adam), SmallJobs.Of(SmallJobs.StopsEarly) })
        {
            using var run = new TestRun();
            Outcome first = Outcome.Of(await run.TrainAsync(job, 2, 2));
            using var probe = new RunProbe();
            Assert.Equal(first, Outcome.Of(await run.TrainAsync(job, 3, 1, probe)));
            Assert.Empty(probe.Steps);
            Assert.Empty(probe.Checkpoints);
        }
    }

    [Fact]
    public async Task More_epochs_go_on_from_where_the_complete_run_ended()
    {
        Outcome expected = (await TestRun.WholeAsync(SmallJobs.Of(SmallJobs.Adam, "epochs=3"))).Outcome;
        using var run = new TestRun();
        await run.TrainAsync(SmallJobs.Of(SmallJobs.Adam, "epochs=1"));
        Assert.Equal(expected, Outcome.Of(await run.TrainAsync(SmallJobs.Of(SmallJobs.Adam, "epochs=3"))));
    }

    [Fact]
    public async Task Best_parameters_that_no_checkpoint_kept_are_not_promised()
    {
        using var run = new TestRun();
        using var probe = new RunProbe { StopAtStep = 2 * SmallJobs.StepsPerEpoch };
        await run.TrainAsync(SmallJobs.Of(SmallJobs.StopsEarly, "earlyStopping.restoreBest=false"), probe: probe);
        UserException e = await Assert.ThrowsAsync<UserException>(() => run.TrainAsync(SmallJobs.Of(SmallJobs.StopsEarly)));
        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Contains("earlyStopping.restoreBest", e.Message, StringComparison.Ordinal);
        Assert.Contains("best epoch", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_without_a_checkpoint_starts_from_the_beginning_and_says_so()
    {
        using var run = new TestRun();
        Directory.CreateDirectory(run.Folder);
        using var probe = new RunProbe();
        JobDescription job = SmallJobs.Of(SmallJobs.Adam);
        Assert.Equal((await TestRun.WholeAsync(job)).Outcome, Outcome.Of(await run.TrainAsync(job, 1, 1, probe)));
        Assert.Contains(probe.Warnings, w => w.Contains("starts from the beginning", StringComparison.Ordinal));
    }
}
