using DistBp.Cli.Display;
using DistBp.Cluster.Runs;
using DistBp.Learning.Metrics;

namespace DistBp.Cli.Tests.Display;

[Collection(AloneCollection.Name)]
public sealed class RunFiguresTests
{
    private readonly RunFigures _figures = new();

    [Fact]
    public void The_loss_is_the_mean_over_the_samples_of_the_epoch_so_far()
    {
        _figures.Add(Step(1, epoch: 1, loss: 100, samples: 10));
        _figures.Add(Step(2, epoch: 2, loss: 4, samples: 30));
        _figures.Add(Step(3, epoch: 2, loss: 8, samples: 10));
        RunSnapshot snapshot = _figures.Read();
        Assert.Equal(5, snapshot.Loss);
        Assert.Equal(0.5, snapshot.Accuracy);
        Assert.Equal(50, snapshot.Samples);
        Assert.Equal(3, snapshot.Step.Step);
    }

    [Fact]
    public void The_best_epoch_is_that_of_the_lowest_validation_loss_and_the_last_ten_are_kept()
    {
        for (int epoch = 1; epoch <= 12; epoch++) _figures.Add(Epoch(epoch, train: 1.0 / epoch, validation: Math.Abs(epoch - 4)));
        RunSnapshot snapshot = _figures.Read();
        Assert.Equal(4, snapshot.BestEpoch!.Epoch);
        Assert.Equal(Enumerable.Range(3, 10), snapshot.RecentEpochs.Select(e => e.Epoch));
    }

    [Fact]
    public void Noting_a_step_allocates_nothing()
    {
        _figures.Add(Step(1, 1, 1, 1));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 2; step <= 1000; step++) _figures.Add(Step(step, 1 + (step / 100), 0.5, 8));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static StepFigures Step(long step, int epoch, double loss, int samples) => new(step, epoch, loss, 0.5, 0.1, 1, samples);

    private static EpochFigures Epoch(int epoch, double train, double validation) =>
        new(epoch, epoch, Values(train), Values(validation), 0.1, 100, TimeSpan.FromSeconds(1), "");

    private static MetricValues Values(double loss) => new(loss, 10, null, null, null, null);
}
