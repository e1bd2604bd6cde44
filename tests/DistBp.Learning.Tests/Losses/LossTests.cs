using DistBp.Learning.Losses;

namespace DistBp.Learning.Tests.Losses;

public sealed class LossTests
{
    [Theory]
    [InlineData(LossKind.SoftmaxCrossEntropy)]
    [InlineData(LossKind.BinaryCrossEntropy)]
    public void Huge_logits_give_a_finite_loss(LossKind kind)
    {
        var losses = new float[1];
        var gradient = new float[2];
        Loss.Create(new LossDescription(kind)).Compute([2000, -2000], [1, 1], gradient, losses, 2);
        Assert.True(float.IsFinite(losses[0]) && losses[0] >= 1000);
        Assert.All(gradient, g => Assert.True(float.IsFinite(g)));
    }

    [Theory]
    [InlineData(LossKind.SoftmaxCrossEntropy)]
    [InlineData(LossKind.BinaryCrossEntropy)]
    [InlineData(LossKind.MeanSquaredError)]
    [InlineData(LossKind.Huber)]
    public void A_NaN_in_the_outputs_reaches_the_loss_and_the_gradient(LossKind kind)
    {
        var losses = new float[1];
        var gradient = new float[2];
        Loss.Create(new LossDescription(kind)).Compute([float.NaN, 1], [1, 0], gradient, losses, 2);
        Assert.True(float.IsNaN(losses[0]));
        Assert.True(float.IsNaN(gradient[0]));
    }

    [Fact]
    public void Huber_is_quadratic_to_delta_and_linear_above()
    {
        var losses = new float[3];
        var gradient = new float[3];
        Loss.Create(new LossDescription(LossKind.Huber, 2)).Compute([1, 2, -5], [0, 0, 0], gradient, losses, 1);
        Assert.Equal([0.5f, 2, 8], losses);
        Assert.Equal([1f, 2, -2], gradient);
    }
}
