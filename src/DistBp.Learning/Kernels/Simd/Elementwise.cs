using System.Runtime.CompilerServices;

namespace DistBp.Learning.Kernels.Simd;

/// <summary>What is done to each element, apart from how they are gone through. Its fields are the spans' addresses and the scalars.</summary>
internal interface IElementwise
{
    /// <summary>Does the elements [i, i + TSimd.Width).</summary>
    void Apply<TVector, TSimd>(nint i)
        where TVector : struct
        where TSimd : ISimd<TVector>;
}

/// <summary>The one loop of all elementwise kernels: whole vectors, then what is left one by one (with the same bits).</summary>
internal struct Elementwise<TOperator>(TOperator operation, int length) : IVectorized
    where TOperator : struct, IElementwise
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TOperator local = operation;
        nint i = 0;
        for (; i + TSimd.Width <= length; i += TSimd.Width) local.Apply<TVector, TSimd>(i);
        for (; i < length; i++) local.Apply<float, SimdScalar>(i);
    }
}
