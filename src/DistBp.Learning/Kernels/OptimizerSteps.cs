using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>The updates of <see cref="OptimizerKernels"/>, one vector of parameters at a time; OptimizerReference is their plain form.</summary>
internal static unsafe class OptimizerSteps
{
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
                TVector buffer = s.First ? g : TSimd.MultiplyAdd(momentum, TSimd.Load(b + i), g);
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
            TVector old = TSimd.Multiply(TSimd.Broadcast(s.Alpha), TSimd.Load(square + i));
            TVector mean = TSimd.MultiplyAdd(TSimd.Multiply(TSimd.Broadcast(s.OneMinusAlpha), g), g, old);
            TSimd.Store(mean, square + i);
            TVector u = TSimd.Divide(g, TSimd.Add(TSimd.Sqrt(mean), TSimd.Broadcast(s.Epsilon)));
            if (s.Momentum != 0)
            {
                u = TSimd.MultiplyAdd(TSimd.Broadcast(s.Momentum), TSimd.Load(b + i), u);
                TSimd.Store(u, b + i);
            }
            TSimd.Store(TSimd.MultiplyAdd(TSimd.Broadcast(-s.Rate), u, w), p + i);
        }
    }

    public readonly struct Adam(float* p, float* gradient, float* first, float* second, float scale, AdamScalars s) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            TVector w = TSimd.Load(p + i);
            TVector g = TSimd.MultiplyAdd(TSimd.Broadcast(s.WeightDecay), w, TSimd.Multiply(TSimd.Broadcast(scale), TSimd.Load(gradient + i)));
            TVector m = TSimd.MultiplyAdd(TSimd.Broadcast(s.OneMinusBeta1), g, TSimd.Multiply(TSimd.Broadcast(s.Beta1), TSimd.Load(first + i)));
            TVector square = TSimd.Multiply(TSimd.Broadcast(s.OneMinusBeta2), g);
            TVector v = TSimd.MultiplyAdd(square, g, TSimd.Multiply(TSimd.Broadcast(s.Beta2), TSimd.Load(second + i)));
            TSimd.Store(m, first + i);
            TSimd.Store(v, second + i);
            TVector size = TSimd.MultiplyAdd(TSimd.Sqrt(v), TSimd.Broadcast(s.SecondFactor), TSimd.Broadcast(s.Epsilon));
            TSimd.Store(TSimd.MultiplyAdd(TSimd.Broadcast(-s.StepSize), TSimd.Divide(m, size), w), p + i);
        }
    }

    public readonly struct Adamw(float* p, float* gradient, float* first, float* second, float scale, AdamScalars s) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            TVector w = TSimd.Multiply(TSimd.Broadcast(s.Shrink), TSimd.Load(p + i));
            TVector g = TSimd.Multiply(TSimd.Broadcast(scale), TSimd.Load(gradient + i));
            TVector m = TSimd.MultiplyAdd(TSimd.Broadcast(s.OneMinusBeta1), g, TSimd.Multiply(TSimd.Broadcast(s.Beta1), TSimd.Load(first + i)));
            TVector square = TSimd.Multiply(TSimd.Broadcast(s.OneMinusBeta2), g);
            TVector v = TSimd.MultiplyAdd(square, g, TSimd.Multiply(TSimd.Broadcast(s.Beta2), TSimd.Load(second + i)));
            TSimd.Store(m, first + i);
            TSimd.Store(v, second + i);
            TVector size = TSimd.MultiplyAdd(TSimd.Sqrt(v), TSimd.Broadcast(s.SecondFactor), TSimd.Broadcast(s.Epsilon));
            TSimd.Store(TSimd.MultiplyAdd(TSimd.Broadcast(-s.StepSize), TSimd.Divide(m, size), w), p + i);
        }
    }
}
