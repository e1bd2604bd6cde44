using DistBp.Learning.Kernels;

namespace DistBp.Learning.Tests.Kernels;

public sealed class TinyOptimizerStateTests
{
    [Fact]
    public void A_moment_that_decays_without_gradients_becomes_zero_before_it_becomes_subnormal()
    {
        float[] p = [1], first = [1e-3f], second = [1e-6f], gradient = [0];
        AdamScalars scalars = AdamScalars.At(1, 0.001, 0.9, 0.999, 1e-8, 0);
        for (int step = 0; step < 2000; step++)
        {
            OptimizerKernels.Adam(p, gradient, first, second, 1, scalars);
            Assert.False(float.IsSubnormal(first[0]) || float.IsSubnormal(second[0]));
        }
        Assert.Equal(0, first[0]);
        Assert.True(second[0] > 0);
    }

    [Fact]
    public void The_square_of_a_tiny_gradient_is_taken_as_zero_but_the_gradient_still_counts()
    {
        float[] p = [0], first = [0], second = [0], gradient = [1e-20f];
        OptimizerKernels.Adam(p, gradient, first, second, 1, AdamScalars.At(1, 0.001, 0.9, 0.999, 1e-8, 0));
        Assert.Equal(0, second[0]);
        Assert.True(first[0] > 0 && p[0] < 0);
    }

    [Fact]
    public void A_momentum_that_decays_becomes_zero_before_it_becomes_subnormal()
    {
        float[] p = [1], momentum = [1], gradient = [0];
        for (int step = 0; step < 2000; step++)
        {
            OptimizerKernels.Sgd(p, gradient, momentum, 1, new SgdScalars(0.1f, 0.9f, false, 0, false));
            Assert.False(float.IsSubnormal(momentum[0]));
        }
        Assert.Equal(0, momentum[0]);
    }

    [Fact]
    public void A_state_that_is_not_a_number_stays_so()
    {
        float[] p = [1], momentum = [float.NaN], gradient = [0];
        OptimizerKernels.Sgd(p, gradient, momentum, 1, new SgdScalars(0.1f, 0.9f, false, 0, false));
        Assert.True(float.IsNaN(momentum[0]) && float.IsNaN(p[0]));
    }
}
