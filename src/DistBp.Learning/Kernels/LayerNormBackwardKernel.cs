using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>See <see cref="LayerNormalization.Backward"/>.</summary>
/// <param name="dx">Null where it is not wanted.</param>
internal readonly unsafe struct LayerNormBackwardKernel(float* x, float* gain, float* statistics, float* dy, float* dx, int rows, int n)
    : IVectorized
{
    private const int Lanes = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        float* xTail = stackalloc float[Lanes], dyTail = stackalloc float[Lanes], gainTail = stackalloc float[Lanes];
        float* sums = stackalloc float[Lanes], products = stackalloc float[Lanes];
        int whole = n / Lanes * Lanes;
        LaneSums.Pad(gain + whole, n - whole, 0, gainTail);
        for (int r = 0; r < rows; r++)
        {
            float* from = x + r * (nint)n, delta = dy + r * (nint)n, to = dx == null ? null : dx + r * (nint)n;
            float mean = statistics[2 * r], factor = statistics[2 * r + 1];
            float ofG = 0, ofProducts = 0;
            if (to != null)
            {
                LaneSums.Pad(from + whole, n - whole, mean, xTail);
                LaneSums.Pad(delta + whole, n - whole, 0, dyTail);
                TVector center = TSimd.Broadcast(mean), scale = TSimd.Broadcast(factor);
                for (int lane = 0; lane < Lanes; lane += TSimd.Width)
                {
                    TVector sum = TSimd.Broadcast(0), product = sum;
                    for (int i = lane; i < whole; i += Lanes)
                        Add<TVector, TSimd>(from + i, delta + i, gain + i, center, scale, ref sum, ref product);
                    Add<TVector, TSimd>(xTail + lane, dyTail + lane, gainTail + lane, center, scale, ref sum, ref product);
                    TSimd.Store(sum, sums + lane);
                    TSimd.Store(product, products + lane);
                }
                (ofG, ofProducts) = (LaneSums.Total(sums) / n, LaneSums.Total(products) / n);
            }
            int j = 0;
            for (; j + TSimd.Width <= n; j += TSimd.Width) Propagate<TVector, TSimd>(from, delta, to, j, mean, factor, ofG, ofProducts);
            for (; j < n; j++) Propagate<float, SimdScalar>(from, delta, to, j, mean, factor, ofG, ofProducts);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TVector, TSimd>(
        float* from, float* delta, float* gains, TVector center, TVector scale, ref TVector sum, ref TVector product)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TVector normal = TSimd.Multiply(TSimd.Subtract(TSimd.Load(from), center), scale);
        TVector g = TSimd.Multiply(TSimd.Load(delta), TSimd.Load(gains));
        sum = TSimd.Add(sum, g);
        product = TSimd.MultiplyAdd(g, normal, product);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Propagate<TVector, TSimd>(
        float* from, float* delta, float* to, int j, float mean, float factor, float ofG, float ofProducts)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TVector normal = TSimd.Multiply(TSimd.Subtract(TSimd.Load(from + j), TSimd.Broadcast(mean)), TSimd.Broadcast(factor));
        TVector d = TSimd.Load(delta + j);
        TSimd.Store(TSimd.Multiply(d, normal), delta + j);
        if (to == null) return;
        TVector g = TSimd.Subtract(TSimd.Multiply(d, TSimd.Load(gain + j)), TSimd.Broadcast(ofG));
        TSimd.Store(TSimd.Multiply(TSimd.MultiplyAdd(normal, TSimd.Broadcast(-ofProducts), g), TSimd.Broadcast(factor)), to + j);
    }
}
