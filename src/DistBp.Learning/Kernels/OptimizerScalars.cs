namespace DistBp.Learning.Kernels;

/// <summary>One step of <see cref="OptimizerKernels.Sgd"/>.</summary>
/// <param name="First">The first step of all: the momentum buffer becomes the gradient.</param>
public readonly record struct SgdScalars(float Rate, float Momentum, bool Nesterov, float WeightDecay, bool First);

/// <summary>One step of <see cref="OptimizerKernels.Adagrad"/>.</summary>
public readonly record struct AdagradScalars(float Rate, float Epsilon, float WeightDecay);

/// <summary>One step of <see cref="OptimizerKernels.Rmsprop"/>.</summary>
/// <param name="OneMinusAlpha">1 − α, rounded once.</param>
public readonly record struct RmspropScalars(float Rate, float Alpha, float OneMinusAlpha, float Epsilon, float Momentum, float WeightDecay)
{
    public static RmspropScalars Of(double rate, double alpha, double epsilon, double momentum, double weightDecay)
        => new((float)rate, (float)alpha, (float)(1 - alpha), (float)epsilon, (float)momentum, (float)weightDecay);
}

/// <summary>One step of <see cref="OptimizerKernels.Adam"/> or <see cref="OptimizerKernels.Adamw"/>, the bias corrections worked in.</summary>
/// <param name="StepSize">rate / (1 − β1ᵗ).</param>
/// <param name="SecondFactor">1 / √(1 − β2ᵗ).</param>
/// <param name="Shrink">Adamw: 1 − rate · weightDecay; Adam: not read.</param>
public readonly record struct AdamScalars(
    float StepSize, float SecondFactor, float Beta1, float OneMinusBeta1, float Beta2, float OneMinusBeta2, float Epsilon,
    float WeightDecay, float Shrink)
{
    /// <param name="step">t, counted from 1.</param>
    public static AdamScalars At(long step, double rate, double beta1, double beta2, double epsilon, double weightDecay)
        => new(
            (float)(rate / (1 - PortableMath.Power(beta1, step))), (float)(1 / Math.Sqrt(1 - PortableMath.Power(beta2, step))), (float)beta1, (float)(1 - beta1),
            (float)beta2, (float)(1 - beta2), (float)epsilon, (float)weightDecay, (float)(1 - rate * weightDecay));
}
