using System.Diagnostics;
using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>y = f(x), length floats; y may be x.</summary>
internal readonly unsafe struct ActivationKernel(Activation activation, float* x, float* y, int length) : IVectorized
{
    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        switch (activation)
        {
            case Activation.Identity: new Span<float>(x, length).CopyTo(new Span<float>(y, length)); break;
            case Activation.Relu: Value<Relu>.Of(x, y, length).Run<TVector, TSimd>(); break;
            case Activation.LeakyRelu: Value<LeakyRelu>.Of(x, y, length).Run<TVector, TSimd>(); break;
            case Activation.Sigmoid: Value<Sigmoid>.Of(x, y, length).Run<TVector, TSimd>(); break;
            case Activation.Tanh: Value<Tanh>.Of(x, y, length).Run<TVector, TSimd>(); break;
            case Activation.Gelu: Value<Gelu>.Of(x, y, length).Run<TVector, TSimd>(); break;
            default: throw new UnreachableException();
        }
    }

    private readonly struct Value<TActivation>(float* x, float* y) : IElementwise
        where TActivation : IActivation
    {
        public static Elementwise<Value<TActivation>> Of(float* x, float* y, int length) => new(new Value<TActivation>(x, y), length);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
            => TSimd.Store(TActivation.Value<TVector, TSimd>(TSimd.Load(x + i)), y + i);
    }
}

/// <summary>dx = dy · f'; where the kind does not need x (or y) it may be any readable memory; dx may be any of the others.</summary>
internal readonly unsafe struct ActivationBackwardKernel(Activation activation, float* x, float* y, float* dy, float* dx, int length)
    : IVectorized
{
    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        switch (activation)
        {
            case Activation.Identity: new Span<float>(dy, length).CopyTo(new Span<float>(dx, length)); break;
            case Activation.Relu: Gradient<Relu>.Of(x, y, dy, dx, length).Run<TVector, TSimd>(); break;
            case Activation.LeakyRelu: Gradient<LeakyRelu>.Of(x, y, dy, dx, length).Run<TVector, TSimd>(); break;
            case Activation.Sigmoid: Gradient<Sigmoid>.Of(x, y, dy, dx, length).Run<TVector, TSimd>(); break;
            case Activation.Tanh: Gradient<Tanh>.Of(x, y, dy, dx, length).Run<TVector, TSimd>(); break;
            case Activation.Gelu: Gradient<Gelu>.Of(x, y, dy, dx, length).Run<TVector, TSimd>(); break;
            default: throw new UnreachableException();
        }
    }

    private readonly struct Gradient<TActivation>(float* x, float* y, float* dy, float* dx) : IElementwise
        where TActivation : IActivation
    {
        public static Elementwise<Gradient<TActivation>> Of(float* x, float* y, float* dy, float* dx, int length)
            => new(new Gradient<TActivation>(x, y, dy, dx), length);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
            => TSimd.Store(TActivation.Gradient<TVector, TSimd>(TSimd.Load(x + i), TSimd.Load(y + i), TSimd.Load(dy + i)), dx + i);
    }
}
