using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>See <see cref="Softmax"/>.</summary>
/// <param name="labels">Null: softmax alone.</param>
/// <param name="y">Null: losses alone.</param>
internal readonly unsafe struct SoftmaxKernel(float* x, float* labels, float* y, float* losses, int rows, int columns) : IVectorized
{
    private const int Lanes = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        // The last lanes of a row, filled up with −∞, whose exponential is 0.
        float* padded = stackalloc float[Lanes], sums = stackalloc float[Lanes];
        int whole = columns / Lanes * Lanes;
        for (int r = 0; r < rows; r++)
        {
            float* row = x + r * (nint)columns, to = y == null ? null : y + r * (nint)columns;
            new Span<float>(padded, Lanes).Fill(float.NegativeInfinity);
            new Span<float>(row + whole, columns - whole).CopyTo(new Span<float>(padded, Lanes));
            float maximum = Math.Max(Maximum(row, whole), Maximum(padded, Lanes)), target = labels == null ? 0 : row[(int)labels[r]];
            new Span<float>(sums, Lanes).Clear();
            for (int i = 0; i < whole; i += Lanes) Exponentials<TVector, TSimd>(row + i, maximum, to == null ? null : to + i, sums);
            Exponentials<TVector, TSimd>(padded, maximum, padded, sums);
            float sum = LaneSums.Total(sums);
            if (labels != null) losses[r] = Elementary<float, SimdScalar>.Log(sum) + (maximum - target);
            if (to == null) continue;
            new Span<float>(padded, columns - whole).CopyTo(new Span<float>(to + whole, columns - whole));
            for (int i = 0; i < columns; i++) to[i] /= sum;
            if (labels != null) to[(int)labels[r]] -= 1;
        }
    }

    private static float Maximum(float* values, int length)
    {
        float maximum = float.NegativeInfinity;
        for (int i = 0; i < length; i++) maximum = values[i] > maximum ? values[i] : maximum;
        return maximum;
    }

    /// <summary>Sixteen elements: to = exp(from − maximum), added to the lanes' sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Exponentials<TVector, TSimd>(float* from, float maximum, float* to, float* sums)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        for (int lane = 0; lane < Lanes; lane += TSimd.Width)
        {
            TVector e = Elementary<TVector, TSimd>.Exp(TSimd.Subtract(TSimd.Load(from + lane), TSimd.Broadcast(maximum)));
            if (to != null) TSimd.Store(e, to + lane);
            TSimd.Store(TSimd.Add(TSimd.Load(sums + lane), e), sums + lane);
        }
    }
}
