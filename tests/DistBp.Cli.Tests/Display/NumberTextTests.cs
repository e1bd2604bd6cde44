using DistBp.Cli.Display;

namespace DistBp.Cli.Tests.Display;

public sealed class NumberTextTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.5, "0.5000")]
    [InlineData(12.3456, "12.35")]
    [InlineData(123456.7, "123457")]
    [InlineData(0.00123456, "0.001235")]
    [InlineData(-0.25, "-0.2500")]
    [InlineData(1.234e-7, "1.234e-07")]
    [InlineData(1e12, "1.000e+12")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "Infinity")]
    public void A_real_number_has_four_significant_digits(double value, string text) => Assert.Equal(text, NumberText.Real(value));

    [Theory]
    [InlineData(0.0041, "4.1 ms")]
    [InlineData(0.25, "0.25 s")]
    [InlineData(12.34, "12.3 s")]
    [InlineData(125, "2:05")]
    [InlineData(3725, "1:02:05")]
    [InlineData(90000, "1 day 1:00:00")]
    public void A_duration_has_the_unit_that_fits(double seconds, string text) =>
        Assert.Equal(text, NumberText.Duration(TimeSpan.FromSeconds(seconds)));
}
