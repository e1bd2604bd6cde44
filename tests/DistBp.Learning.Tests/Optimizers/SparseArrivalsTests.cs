using DistBp.Learning.Encodings;
using DistBp.Learning.Optimizers;

namespace DistBp.Learning.Tests.Optimizers;

public sealed class SparseArrivalsTests
{
    private static readonly OptimizerDescription[] s_all =
        [new SgdDescription(0.1, 0.9), new SgdDescription(), new AdamDescription(), new AdamwDescription(), new RmspropDescription(Momentum: 0.5), new AdagradDescription()];

    [Fact]
    public void Where_all_is_sent_the_optimizer_is_the_jobs()
    {
        foreach (OptimizerDescription optimizer in s_all)
        {
            foreach (GradientEncoding encoding in new[] { GradientEncoding.Exact, new(EncodingKind.Int8), new(EncodingKind.Bf16), new(EncodingKind.TopK, 1) })
                Assert.Equal(new SparseArrivals(optimizer, 1), SparseArrivals.Of(optimizer, encoding));
        }
    }

    [Fact]
    public void A_gradient_moves_a_parameter_as_far_in_all_without_momentum_as_with_it()
    {
        (OptimizerDescription optimizer, double factor) = SparseArrivals.Of(new SgdDescription(0.1, 0.9), new(EncodingKind.TopK, 0.01));
        double momentum = ((SgdDescription)optimizer).Momentum;
        Assert.InRange(momentum, 0, 0.01);
        Assert.Equal(1 / (1 - 0.9), factor / (1 - momentum), 1e-9);
    }

    [Fact]
    public void Decoupled_decay_is_what_it_was()
    {
        (OptimizerDescription optimizer, double factor) = SparseArrivals.Of(new AdamwDescription(WeightDecay: 0.02), new(EncodingKind.TopK, 0.01));
        Assert.Equal(0.02, optimizer.WeightDecay * factor, 1e-12);
        Assert.Equal(1.99, factor);
    }
}
