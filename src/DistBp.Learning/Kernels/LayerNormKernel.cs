using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>See <see cref="LayerNormalization.Forward"/>.</summary>
internal readonly unsafe struct LayerNormKernel(
    float* x, float* gain, float* offset, float epsilon, float* y, float* statistics, int rows, int n) : IVectorized
{
    private const int Lanes = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        float* tail = stackalloc float[Lanes], lanes = stackalloc float[Lanes];
        int whole = n / Lanes * Lanes;
        for (int r = 0; r < rows; r++)
        {
            float* from = x + r * (nint)n, to = y + r * (nint)n;
            // What is missing of the last lanes adds nothing: 0 to the sum, the mean to the squares.
            LaneSums.Pad(from + whole, n - whole, 0, tail);
            for (int lane = 0; lane < Lanes; lane += TSimd.Width)
            {
                TVector sum = TSimd.Broadcast(0);
                for (int i = lane; i < whole; i += Lanes) sum = TSimd.Add(sum, TSimd.Load(from + i));
                TSimd.Store(TSimd.Add(sum, TSimd.Load(tail + lane)), lanes + lane);
            }
            float mean = LaneSums.Total(lanes) / n;
            LaneSums.Pad(from + whole, n - whole, mean, tail);
            TVector center = TSimd.Broadcast(mean);
            for (int lane = 0; lane < Lanes; lane += TSimd.Width)
            {
                TVector sum = TSimd.Broadcast(0);
                for (int i = lane; i < whole; i += Lanes) sum = AddSquare<TVector, TSimd>(from + i, center, sum);
                TSimd.Store(AddSquare<TVector, TSimd>(tail + lane, center, sum), lanes + lane);
            }
            float factor = 1 / MathF.Sqrt(LaneSums.Total(lanes) / n + epsilon);
            (statistics[2 * r], statistics[2 * r + 1]) = (mean, factor);
            int j = 0;
            for (; j + TSimd.Width <= n; j += TSimd.Width) Normalize<TVector, TSimd>(from, to, j, mean, factor);
            for (; j < n; j++) Normalize<float, SimdScalar>(from, to, j, mean, factor);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector AddSquare<TVector, TSimd>(float* from, TVector center, TVector sum)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TVector d = TSimd.Subtract(TSimd.Load(from), center);
        return TSimd.MultiplyAdd(d, d, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Normalize<TVector, TSimd>(float* from, float* to, int j, float mean, float factor)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TVector normal = TSimd.Multiply(TSimd.Subtract(TSimd.Load(from + j), TSimd.Broadcast(mean)), TSimd.Broadcast(factor));
        TSimd.Store(TSimd.MultiplyAdd(normal, TSimd.Load(gain + j), TSimd.Load(offset + j)), to + j);
    }
}
