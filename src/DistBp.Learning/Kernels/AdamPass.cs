using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>
/// <see cref="OptimizerKernels.Adam"/> and <see cref="OptimizerKernels.Adamw"/>; OptimizerReference is their plain form. A loop of its own
/// rather than an <see cref="IElementwise"/>: its many scalars are spread over vectors once, not for every vector of parameters.
/// </summary>
/// <param name="decoupled">Adamw's decay.</param>
internal readonly unsafe struct AdamPass(
    float* p, float* gradient, float* first, float* second, float scale, AdamScalars s, bool decoupled, int length) : IVectorized
{
    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        nint whole = length / TSimd.Width * TSimd.Width;
        Update<TVector, TSimd>(0, whole);
        Update<float, SimdScalar>(whole, length);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Update<TVector, TSimd>(nint i, nint end)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        float* w = p, g = gradient, m = first, v = second;
        bool shrinks = decoupled;
        TVector factor = TSimd.Broadcast(scale), decay = TSimd.Broadcast(s.WeightDecay), shrink = TSimd.Broadcast(s.Shrink);
        TVector beta1 = TSimd.Broadcast(s.Beta1), oneMinusBeta1 = TSimd.Broadcast(s.OneMinusBeta1);
        TVector beta2 = TSimd.Broadcast(s.Beta2), oneMinusBeta2 = TSimd.Broadcast(s.OneMinusBeta2);
        TVector secondFactor = TSimd.Broadcast(s.SecondFactor), epsilon = TSimd.Broadcast(s.Epsilon), back = TSimd.Broadcast(-s.StepSize);
        TVector tinyState = TSimd.Broadcast(OptimizerSteps.TinyState), tinyGradient = TSimd.Broadcast(OptimizerSteps.TinyGradient);
        TVector magnitude = TSimd.Broadcast(BitConverter.Int32BitsToSingle(int.MaxValue));
        for (; i < end; i += TSimd.Width)
        {
            TVector weight = TSimd.Load(w + i), slope = TSimd.Multiply(factor, TSimd.Load(g + i));
            if (shrinks) weight = TSimd.Multiply(shrink, weight);
            else slope = TSimd.MultiplyAdd(decay, weight, slope);
            TVector oldFirst = OptimizerSteps.Kept<TVector, TSimd>(TSimd.Load(m + i), tinyState, magnitude);
            TVector oldSecond = OptimizerSteps.Kept<TVector, TSimd>(TSimd.Load(v + i), tinyState, magnitude);
            TVector newFirst = TSimd.MultiplyAdd(oneMinusBeta1, slope, TSimd.Multiply(beta1, oldFirst));
            TVector large = OptimizerSteps.Kept<TVector, TSimd>(slope, tinyGradient, magnitude);
            TVector newSecond = TSimd.MultiplyAdd(TSimd.Multiply(oneMinusBeta2, large), large, TSimd.Multiply(beta2, oldSecond));
            TSimd.Store(newFirst, m + i);
            TSimd.Store(newSecond, v + i);
            TVector size = TSimd.MultiplyAdd(TSimd.Sqrt(newSecond), secondFactor, epsilon);
            TSimd.Store(TSimd.MultiplyAdd(back, TSimd.Divide(newFirst, size), weight), w + i);
        }
    }
}
