using DistBp.Learning.Initialization;
using DistBp.Learning.Layers;

namespace DistBp.Learning.Tests.Initialization;

public sealed class InitializerTests
{
    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(0.975, 1.959963984540054)]
    [InlineData(0.25, -0.6744897501960817)]
    [InlineData(0.001, -3.090232306167813)]
    [InlineData(1e-9, -5.9978070150076865)]
    [InlineData(1e-20, -9.262340089798408)]
    public void The_normal_quantile_is_that_of_the_tables(double probability, double expected)
        => Assert.Equal(expected, NormalQuantile.At(probability), 1e-13);

    [Fact]
    public void Portable_functions_are_within_an_ulp_or_two_of_the_platform()
    {
        var random = new Random(5);
        for (int i = 0; i < 20_000; i++)
        {
            double x = random.NextDouble(), wide = (x - 0.5) * 1400, positive = Math.Exp((x - 0.5) * 80);
            Assert.Equal(1, PortableMath.Exp(wide) / Math.Exp(wide), 1e-15);
            Assert.InRange(Math.Abs(PortableMath.Log(positive) - Math.Log(positive)), 0, 4e-16 * Math.Max(1, Math.Abs(Math.Log(positive))));
            Assert.Equal(Math.Cos(Math.PI * x), PortableMath.CosPi(x), 4e-16);
        }
    }

    [Theory]
    [InlineData(WeightInitialization.HeNormal, 0.1)]
    [InlineData(WeightInitialization.HeUniform, 0.1)]
    [InlineData(WeightInitialization.XavierNormal, 0.08164965809277261)]
    [InlineData(WeightInitialization.XavierUniform, 0.08164965809277261)]
    [InlineData(WeightInitialization.Normal, 0.01)]
    public void Weights_have_the_deviation_of_their_rule(WeightInitialization initialization, double deviation)
    {
        var values = new float[20_000];
        Initializer.Fill(new("weight", new TensorShape(100, 200), ParameterKind.Weight, 200, 100), initialization, 1, 0, values);
        Assert.Equal(0, values.Average(), 4 * deviation / Math.Sqrt(values.Length));
        Assert.Equal(deviation, Math.Sqrt(values.Average(v => (double)v * v)), 0.02 * deviation);
        double limit = values.Max(Math.Abs);
        if (initialization is WeightInitialization.HeUniform or WeightInitialization.XavierUniform)
            Assert.InRange(limit, 0.99 * deviation * Math.Sqrt(3), deviation * Math.Sqrt(3) * 1.000001);
    }

    [Fact]
    public void A_parameter_depends_on_seed_and_number_and_not_on_its_length()
    {
        float[] Fill(int seed, int number, int count)
        {
            var values = new float[count];
            Initializer.Fill(new("weight", new TensorShape(count), ParameterKind.Weight, 10, 10), WeightInitialization.HeNormal, seed, number, values);
            return values;
        }
        Assert.Equal(Fill(1, 2, 103)[..50], Fill(1, 2, 50));
        Assert.NotEqual(Fill(1, 2, 50), Fill(2, 2, 50));
        Assert.NotEqual(Fill(1, 2, 50), Fill(1, 3, 50));
    }
}
