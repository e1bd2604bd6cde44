using DistBp.Learning;
using System.Diagnostics;
using DistBp.Cli.Display;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;

namespace DistBp.Cli.Tests.Display;

public sealed class SpeedMeterTests
{
    private long _now = 1;

    [Fact]
    public void A_steady_run_has_a_steady_speed_and_the_time_that_is_left()
    {
        var meter = new SpeedMeter(() => _now);
        meter.Measure(At(step: 100, samples: 0));
        (double rate, TimeSpan? left) = (0, null);
        for (int second = 1; second <= 5; second++)
        {
            _now += Stopwatch.Frequency;
            (rate, left) = meter.Measure(At(step: 100 + (10 * second), samples: 640 * second));
        }
        Assert.Equal(640, rate, 3);
        Assert.Equal(85, left!.Value.TotalSeconds, 3);
    }

    [Fact]
    public void Nothing_is_promised_before_the_first_step()
    {
        var meter = new SpeedMeter(() => _now);
        meter.Measure(At(step: 100, samples: 0));
        _now += 10 * Stopwatch.Frequency;
        Assert.Null(meter.Measure(At(step: 100, samples: 0)).Left);
    }

    private static RunSnapshot At(long step, long samples)
    {
        var started = new RunStarted(JobFile.Embedded([]), "run", 1, 1, 1, new TensorShape(1, 8, 8), 1, 1000, 0, 0, 100, StartStep: 100, TotalSteps: 1000);
        return new RunSnapshot(started, new StepFigures(step, 1, 1, null, 0.1, 1, 64), 1, null, samples, [], null);
    }
}
