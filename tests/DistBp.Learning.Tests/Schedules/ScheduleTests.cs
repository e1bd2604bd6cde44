using DistBp.Learning.Schedules;

namespace DistBp.Learning.Tests.Schedules;

public sealed class ScheduleTests
{
    private const double Base = 0.2;

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(57)]
    [InlineData(99)]
    public void Each_schedule_follows_its_formula(long step)
    {
        long epoch = step / 10;
        Assert.Equal(Base, Rate(new ConstantSchedule(), step));
        Assert.Equal(Base / (1 + 0.3 * epoch), Rate(new InverseTimeSchedule(0.3), step), 1e-15);
        Assert.Equal(Base * Math.Pow(0.5, epoch / 3), Rate(new StepSchedule(3, 0.5), step), 1e-15);
        Assert.Equal(Base * Math.Pow(0.9, epoch), Rate(new ExponentialSchedule(0.9), step), 1e-15);
        Assert.Equal(Base * (0.1 + 0.9 * 0.5 * (1 + Math.Cos(Math.PI * step / 99))), Rate(new CosineSchedule(0.1), step), 1e-15);
        Assert.Equal(Base * Math.Pow(1e4, Math.Min(1, step / 79.0)), Rate(new RampSchedule(1e4, 80), step), 1e-11 * Math.Pow(1e4, step / 79.0));
    }

    [Fact]
    public void Warm_up_rises_linearly_to_the_base_rate_and_cosine_falls_from_its_end()
    {
        Assert.Equal(Base / 4, Rate(new ConstantSchedule(4), 0), 1e-15);
        Assert.Equal(Base, Rate(new ConstantSchedule(4), 3), 1e-15);
        Assert.Equal(Base, Rate(new ConstantSchedule(4), 4), 1e-15);
        Assert.Equal(Base, Rate(new CosineSchedule(0, 4), 4), 1e-15);
        Assert.Equal(0, Rate(new CosineSchedule(0, 4), 99), 1e-15);
    }

    private static double Rate(ScheduleDescription description, long step) => Schedule.Create(description, Base, 10, 100).Rate(step);
}
