using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>The updates of <see cref="OptimizerKernels"/>, one vector of parameters at a time, but for <see cref="AdamPass"/>; OptimizerReference is their plain form.</summary>
internal static unsafe class OptimizerSteps
{
    /// <summary>
    /// A state below this (2⁻¹⁰⁰) is read as 0. Where gradients stay 0 a moment halves every few steps, and among the subnormal numbers, for
    /// hundreds of steps, each operation on it would cost a hundred cycles (seen: an Adam update three times as long). What is cut off is
    /// far below the last bit of any parameter that ε leaves to move.
    /// </summary>
    public const float TinyState = 7.8886091e-31f;

    /// <summary>A gradient below this (2⁻⁵⁰) counts as 0 in a second moment, whose square would be subnormal.</summary>
    public const float TinyGradient = 8.8817842e-16f;

    public readonly struct Sgd(float* p, float* gradient, float* b, float scale, SgdScalars s) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            TVector w = TSimd.Load(p + i);
            TVector g = TSimd.MultiplyAdd(TSimd.Broadcast(s.WeightDecay), w, TSimd.Multiply(TSimd.Broadcast(scale), TSimd.Load(gradient + i)));
            if (s.Momentum != 0)
            {
                TVector momentum = TSimd.Broadcast(s.Momentum);
                TVector buffer = s.First ? g : TSimd.MultiplyAdd(momentum, Kept<TVector, TSimd>(TSimd.Load(b + i), TinyState), g);
                TSimd.Store(buffer, b + i);
                g = s.Nesterov ? TSimd.MultiplyAdd(momentum, buffer, g) : buffer;
            }
            TSimd.Store(TSimd.MultiplyAdd(TSimd.Broadcast(-s.Rate), g, w), p + i);
        }
    }

    public readonly struct Adagrad(float* p, float* gradient, float* sum, float scale, AdagradScalars s) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            TVector w = TSimd.Load(p + i);
            TVector g = TSimd.MultiplyAdd(TSimd.Broadcast(s.WeightDecay), w, TSimd.Multiply(TSimd.Broadcast(scale), TSimd.Load(gradient + i)));
            TVector square = TSimd.MultiplyAdd(g, g, TSimd.Load(sum + i));
            TSimd.Store(square, sum + i);
            TVector size = TSimd.Add(TSimd.Sqrt(square), TSimd.Broadcast(s.Epsilon));
            TSimd.Store(TSimd.MultiplyAdd(TSimd.Broadcast(-s.Rate), TSimd.Divide(g, size), w), p + i);
        }
    }

    public readonly struct Rmsprop(float* p, float* gradient, float* square, float* b, float scale, RmspropScalars s) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            TVector w = TSimd.Load(p + i);
            TVector g = TSimd.MultiplyAdd(TSimd.Broadcast(s.WeightDecay), w, TSimd.Multiply(TSimd.Broadcast(scale), TSimd.Load(gradient + i)));
            TVector old = TSimd.Multiply(TSimd.Broadcast(s.Alpha), Kept<TVector, TSimd>(TSimd.Load(square + i), TinyState));
            TVector large = Kept<TVector, TSimd>(g, TinyGradient);
            TVector mean = TSimd.MultiplyAdd(TSimd.Multiply(TSimd.Broadcast(s.OneMinusAlpha), large), large, old);
            TSimd.Store(mean, square + i);
            TVector u = TSimd.Divide(g, TSimd.Add(TSimd.Sqrt(mean), TSimd.Broadcast(s.Epsilon)));
            if (s.Momentum != 0)
            {
                u = TSimd.MultiplyAdd(TSimd.Broadcast(s.Momentum), Kept<TVector, TSimd>(TSimd.Load(b + i), TinyState), u);
                TSimd.Store(u, b + i);
            }
            TSimd.Store(TSimd.MultiplyAdd(TSimd.Broadcast(-s.Rate), u, w), p + i);
        }
    }

    /// <summary>x, or 0 where |x| is below the least; a NaN stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Kept<TVector, TSimd>(TVector x, float least)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => Kept<TVector, TSimd>(x, TSimd.Broadcast(least), TSimd.Broadcast(BitConverter.Int32BitsToSingle(int.MaxValue)));

    /// <summary>The same, for loops that spread the least and a mask of all bits but the sign over vectors beforehand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Kept<TVector, TSimd>(TVector x, TVector least, TVector magnitude)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => TSimd.Select(TSimd.GreaterThan(least, TSimd.And(x, magnitude)), TSimd.Broadcast(0), x);
}
