using DistBp.Cluster.Runs;
using DistBp.Cluster.Tests.Storage;

namespace DistBp.Cluster.Tests.Runs;

public sealed class SteppingClockTests
{
    private readonly StoppedClock _time = new();

    [Fact]
    public void Only_the_time_of_steps_counts_and_the_best_epoch_tells()
    {
        var clock = new SteppingClock(_time);
        clock.Start();
        Pass(clock, 2, samples: 100);
        clock.Stop();
        Assert.Equal((TimeSpan.FromSeconds(2), 50), clock.EndEpoch());
        // Its evaluation.
        Pass(clock, 60, samples: 0);
        clock.Start();
        Pass(clock, 1, samples: 100);
        clock.Stop();
        Assert.Equal((TimeSpan.FromSeconds(1), 100), clock.EndEpoch());
        Assert.Equal((100, TimeSpan.FromSeconds(3), 2), (clock.BestSamplesPerSecond, clock.Total, clock.Epochs));
    }

    [Fact]
    public void An_epoch_that_nobody_stops_at_ends_while_the_clock_runs_on()
    {
        var clock = new SteppingClock(_time);
        clock.Start();
        Pass(clock, 2, samples: 100);
        Assert.Equal((TimeSpan.FromSeconds(2), 50), clock.EndEpoch());
        Pass(clock, 3, samples: 90);
        Assert.Equal((TimeSpan.FromSeconds(3), 30), clock.EndEpoch());
        Pass(clock, 1, samples: 10);
        clock.Stop();
        Pass(clock, 60, samples: 0);
        clock.Start();
        Pass(clock, 1, samples: 10);
        Assert.Equal((TimeSpan.FromSeconds(2), 10), clock.EndEpoch());
        Assert.Equal((50, TimeSpan.FromSeconds(7), 3), (clock.BestSamplesPerSecond, clock.Total, clock.Epochs));
    }

    /// <summary>Reports of the ends of two epochs come together: the second one took as long as the first one all the same.</summary>
    [Fact]
    public void What_reports_come_late_plays_no_part_in_the_rate_of_short_epochs()
    {
        var clock = new SteppingClock(_time, TimeSpan.FromSeconds(1));
        clock.Start();
        for (int pair = 0; pair < 20; pair++)
        {
            Pass(clock, 0.199, samples: 100);
            clock.EndEpoch();
            Pass(clock, 0.001, samples: 100);
            Assert.InRange(clock.EndEpoch().SamplesPerSecond, 1000, 1100);
        }
        Assert.InRange(clock.BestSamplesPerSecond, 1000, 1101);
        Assert.Equal(0.1, clock.Total.TotalSeconds / clock.Epochs, 6);
    }

    [Fact]
    public void Of_a_run_that_is_shorter_all_of_it_tells()
    {
        var clock = new SteppingClock(_time, TimeSpan.FromSeconds(1));
        Assert.Equal(0, clock.BestSamplesPerSecond);
        clock.Start();
        foreach (double seconds in (double[])[0.3, 0.1])
        {
            Pass(clock, seconds, samples: 100);
            clock.EndEpoch();
        }
        Assert.Equal(500, clock.BestSamplesPerSecond, 6);
    }

    /// <summary>Who takes over is told of steps that it has not seen the time of.</summary>
    [Fact]
    public void What_was_made_before_the_clock_has_run_is_in_no_rate_and_no_epochs_time()
    {
        var clock = new SteppingClock(_time);
        Pass(clock, 5, samples: 1000);
        Assert.Equal((TimeSpan.Zero, 0), clock.EndEpoch());
        Pass(clock, 5, samples: 500);
        clock.Start();
        Pass(clock, 1, samples: 50);
        Assert.Equal((TimeSpan.FromSeconds(1), 50), clock.EndEpoch());
        Assert.Equal((50, TimeSpan.FromSeconds(1), 1), (clock.BestSamplesPerSecond, clock.Total, clock.Epochs));
    }

    private void Pass(SteppingClock clock, double seconds, int samples)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        clock.Count(samples);
    }
}
