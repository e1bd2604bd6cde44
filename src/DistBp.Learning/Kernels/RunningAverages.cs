using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>The exponential averages over the mini-batches that normalization keeps for evaluation.</summary>
public static unsafe class RunningAverages
{
    /// <summary>running += momentum · (newest − running), elementwise: the share of the newest value is momentum, as in PyTorch.</summary>
    public static void Move(Span<float> running, ReadOnlySpan<float> newest, float momentum)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(newest.Length, running.Length);
        fixed (float* pr = running, pn = newest)
        {
            var kernel = new Elementwise<Moving>(new Moving(pr, pn, momentum), running.Length);
            Widest.Run(ref kernel);
        }
    }

    private readonly struct Moving(float* running, float* newest, float momentum) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            TVector old = TSimd.Load(running + i);
            TSimd.Store(TSimd.MultiplyAdd(TSimd.Broadcast(momentum), TSimd.Subtract(TSimd.Load(newest + i), old), old), running + i);
        }
    }
}
