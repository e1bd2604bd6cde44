using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>Elementwise maps of tensors [rows, channels, positions] whose constants are one value a channel.</summary>
internal static unsafe class ChannelwiseMaps
{
    /// <summary>y = (x − mean) · scale + shift.</summary>
    /// <param name="mean">[channels], as scale and shift.</param>
    public static void Normalize(
        ReadOnlySpan<float> x, Span<float> y, ReadOnlySpan<float> mean, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, int rows,
        int positions)
    {
        Require(x.Length, rows, mean.Length, positions);
        Require(y.Length, rows, mean.Length, positions);
        fixed (float* px = x, py = y, pm = mean, ps = scale, ph = shift)
        {
            var kernel = new Channelwise<Normalization>(new Normalization(px, py), pm, ps, ph, ph, rows, mean.Length, positions);
            Widest.Run(ref kernel);
        }
    }

    /// <summary>dx = ((dy − offset) + (x − mean) · slope) · scale.</summary>
    /// <param name="mean">[channels], as scale, offset and slope.</param>
    public static void NormalizeBackward(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dx, ReadOnlySpan<float> mean, ReadOnlySpan<float> scale,
        ReadOnlySpan<float> offset, ReadOnlySpan<float> slope, int rows, int positions)
    {
        Require(dy.Length, rows, mean.Length, positions);
        Require(x.Length, rows, mean.Length, positions);
        Require(dx.Length, rows, mean.Length, positions);
        fixed (float* py = dy, px = x, pd = dx, pm = mean, ps = scale, po = offset, pl = slope)
        {
            var kernel = new Channelwise<Derivative>(new Derivative(py, px, pd), pm, ps, po, pl, rows, mean.Length, positions);
            Widest.Run(ref kernel);
        }
    }

    private static void Require(int length, int rows, int channels, int positions)
    {
        if (length < (long)rows * channels * positions)
            throw new ArgumentException($"{length} elements were given where [{rows}, {channels}, {positions}] is needed.");
    }

    private interface IMap
    {
        /// <summary>The elements from i on, with four constants of their channels.</summary>
        void Apply<TVector, TSimd>(nint i, TVector p, TVector q, TVector r, TVector s)
            where TVector : struct
            where TSimd : ISimd<TVector>;
    }

    private readonly struct Normalization(float* x, float* y) : IMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i, TVector mean, TVector scale, TVector shift, TVector unused)
            where TVector : struct
            where TSimd : ISimd<TVector>
            => TSimd.Store(TSimd.MultiplyAdd(TSimd.Subtract(TSimd.Load(x + i), mean), scale, shift), y + i);
    }

    private readonly struct Derivative(float* dy, float* x, float* dx) : IMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i, TVector mean, TVector scale, TVector offset, TVector slope)
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            TVector centred = TSimd.Subtract(TSimd.Load(dy + i), offset);
            TVector d = TSimd.MultiplyAdd(TSimd.Subtract(TSimd.Load(x + i), mean), slope, centred);
            TSimd.Store(TSimd.Multiply(d, scale), dx + i);
        }
    }

    /// <summary>The one way through the elements: vectors of positions with one constant, or vectors of channels with one each.</summary>
    private readonly struct Channelwise<TMap>(TMap map, float* p, float* q, float* r, float* s, int rows, int channels, int positions) : IVectorized
        where TMap : struct, IMap
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TVector, TSimd>()
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            for (int row = 0; row < rows; row++)
            {
                if (positions == 1) Channels<TVector, TSimd>(row * (nint)channels);
                else Planes<TVector, TSimd>(row * (nint)channels * positions);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Channels<TVector, TSimd>(nint start)
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            int c = 0;
            for (; c + TSimd.Width <= channels; c += TSimd.Width)
                map.Apply<TVector, TSimd>(start + c, TSimd.Load(p + c), TSimd.Load(q + c), TSimd.Load(r + c), TSimd.Load(s + c));
            for (; c < channels; c++) map.Apply<float, SimdScalar>(start + c, p[c], q[c], r[c], s[c]);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Planes<TVector, TSimd>(nint start)
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            for (int c = 0; c < channels; c++, start += positions)
            {
                TVector pc = TSimd.Broadcast(p[c]), qc = TSimd.Broadcast(q[c]), rc = TSimd.Broadcast(r[c]), sc = TSimd.Broadcast(s[c]);
                int i = 0;
                for (; i + TSimd.Width <= positions; i += TSimd.Width) map.Apply<TVector, TSimd>(start + i, pc, qc, rc, sc);
                for (; i < positions; i++) map.Apply<float, SimdScalar>(start + i, p[c], q[c], r[c], s[c]);
            }
        }
    }
}
