using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>A nonlinearity and its derivative, as algebra.</summary>
internal interface IActivation
{
    static abstract TVector Value<TVector, TSimd>(TVector x)
        where TVector : struct
        where TSimd : ISimd<TVector>;

    /// <summary>dy · f'(x); a kind that takes the derivative from y does not look at x, and the other way round.</summary>
    static abstract TVector Gradient<TVector, TSimd>(TVector x, TVector y, TVector dy)
        where TVector : struct
        where TSimd : ISimd<TVector>;
}

internal readonly struct Relu : IActivation
{
    // Not max(x, 0): NaN must stay NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TVector, TSimd>(TVector x)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => TSimd.Select(TSimd.GreaterThan(TSimd.Broadcast(float.Epsilon), x), TSimd.Broadcast(0), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Gradient<TVector, TSimd>(TVector x, TVector y, TVector dy)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => TSimd.Select(TSimd.GreaterThan(TSimd.Broadcast(float.Epsilon), y), TSimd.Broadcast(0), dy);
}

internal readonly struct LeakyRelu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TVector, TSimd>(TVector x)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => TSimd.Select(TSimd.GreaterThan(x, TSimd.Broadcast(0)), x, TSimd.Multiply(TSimd.Broadcast(Activations.LeakySlope), x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Gradient<TVector, TSimd>(TVector x, TVector y, TVector dy)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => TSimd.Select(TSimd.GreaterThan(y, TSimd.Broadcast(0)), dy, TSimd.Multiply(TSimd.Broadcast(Activations.LeakySlope), dy));
}

internal readonly struct Sigmoid : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TVector, TSimd>(TVector x)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => Elementary<TVector, TSimd>.Logistic(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Gradient<TVector, TSimd>(TVector x, TVector y, TVector dy)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => TSimd.Multiply(dy, TSimd.Multiply(TSimd.Subtract(TSimd.Broadcast(1), y), y));
}

internal readonly struct Tanh : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TVector, TSimd>(TVector x)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => Elementary<TVector, TSimd>.Tanh(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Gradient<TVector, TSimd>(TVector x, TVector y, TVector dy)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => TSimd.Multiply(dy, TSimd.MultiplyAdd(TSimd.Subtract(TSimd.Broadcast(0), y), y, TSimd.Broadcast(1)));
}

internal readonly struct Gelu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TVector, TSimd>(TVector x)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        // −∞ · 0 would be NaN: below −15 the product is 0 anyway.
        TVector bounded = TSimd.Select(TSimd.GreaterThan(TSimd.Broadcast(-15f), x), TSimd.Broadcast(-15f), x);
        return TSimd.Multiply(bounded, Elementary<TVector, TSimd>.Normal(x, out _));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Gradient<TVector, TSimd>(TVector x, TVector y, TVector dy)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TVector bounded = TSimd.Select(TSimd.GreaterThan(TSimd.Broadcast(-15f), x), TSimd.Broadcast(-15f), x);
        bounded = TSimd.Select(TSimd.GreaterThan(bounded, TSimd.Broadcast(15f)), TSimd.Broadcast(15f), bounded);
        TVector normal = Elementary<TVector, TSimd>.Normal(x, out TVector density);
        return TSimd.Multiply(dy, TSimd.MultiplyAdd(bounded, density, normal));
    }
}
