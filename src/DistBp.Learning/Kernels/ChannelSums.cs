using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>
/// Sums over the rows and positions of each channel of a tensor [rows, channels, positions], in double and in one fixed order. Many
/// positions: lane l of sixteen adds the positions l, l + 16, … of the first row, then those of the second …, and the lanes are added as in
/// <see cref="Reductions"/>. One position: the rows in their order. Every product of two floats is exact in double.
/// </summary>
internal static class ChannelSums
{
    private const int Lanes = 16;

    private interface ITerm
    {
        /// <summary>What stands for an element that is not there: its factors' product is 0.</summary>
        static abstract float Missing(float mean);

        /// <summary>The term is the product of the two.</summary>
        static abstract (Vector512<float> First, Vector512<float> Second) Factors(Vector512<float> a, Vector512<float> x, Vector512<float> mean);
    }

    /// <summary>sums [channels] = Σ x.</summary>
    public static void Sum(ReadOnlySpan<float> x, int rows, int channels, int positions, Span<double> sums)
        => Add<Value>(x, x, [], rows, channels, positions, sums);

    /// <summary>sums [channels] = Σ (x − mean)².</summary>
    public static void SquaredDistances(ReadOnlySpan<float> x, ReadOnlySpan<float> mean, int rows, int channels, int positions, Span<double> sums)
        => Add<SquaredDistance>(x, x, mean, rows, channels, positions, sums);

    /// <summary>sums [channels] = Σ dy · (x − mean).</summary>
    public static void Products(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> mean, int rows, int channels, int positions, Span<double> sums)
        => Add<Product>(dy, x, mean, rows, channels, positions, sums);

    private static void Add<TTerm>(
        ReadOnlySpan<float> a, ReadOnlySpan<float> x, ReadOnlySpan<float> mean, int rows, int channels, int positions, Span<double> sums)
        where TTerm : ITerm
    {
        int count = checked(rows * channels * positions);
        if (a.Length < count || x.Length < count || sums.Length < channels)
            throw new ArgumentException($"{a.Length} and {x.Length} elements were given where [{rows}, {channels}, {positions}] is needed.");
        if (positions == 1) AddRows<TTerm>(a, x, mean, rows, channels, sums);
        else AddPlanes<TTerm>(a, x, mean, rows, channels, positions, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddPlanes<TTerm>(
        ReadOnlySpan<float> a, ReadOnlySpan<float> x, ReadOnlySpan<float> mean, int rows, int channels, int positions, Span<double> sums)
        where TTerm : ITerm
    {
        int whole = positions / Lanes * Lanes;
        for (int c = 0; c < channels; c++)
        {
            float of = mean.IsEmpty ? 0 : mean[c];
            var means = Vector512.Create(of);
            var lanes = default(DoubleLanes);
            for (int r = 0; r < rows; r++)
            {
                int start = (r * channels + c) * positions;
                ref float pa = ref MemoryMarshal.GetReference(a.Slice(start, positions));
                ref float px = ref MemoryMarshal.GetReference(x.Slice(start, positions));
                for (nuint i = 0; i < (nuint)whole; i += Lanes)
                {
                    (Vector512<float> first, Vector512<float> second) =
                        TTerm.Factors(Vector512.LoadUnsafe(ref pa, i), Vector512.LoadUnsafe(ref px, i), means);
                    lanes.AddProducts(first, second);
                }
                if (whole == positions) continue;
                (Vector512<float> last, Vector512<float> other) = TTerm.Factors(
                    DoubleLanes.Tail(a.Slice(start + whole, positions - whole), TTerm.Missing(of)),
                    DoubleLanes.Tail(x.Slice(start + whole, positions - whole), TTerm.Missing(of)), means);
                lanes.AddProducts(last, other);
            }
            sums[c] = lanes.Total();
        }
    }

    /// <summary>Sixteen channels at a time go down the rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRows<TTerm>(
        ReadOnlySpan<float> a, ReadOnlySpan<float> x, ReadOnlySpan<float> mean, int rows, int channels, Span<double> sums)
        where TTerm : ITerm
    {
        for (int c = 0; c < channels; c += Lanes)
        {
            int count = Math.Min(Lanes, channels - c);
            Vector512<float> means = mean.IsEmpty ? default : Load(mean, c, count);
            var lanes = default(DoubleLanes);
            for (int r = 0; r < rows; r++)
            {
                (Vector512<float> first, Vector512<float> second) =
                    TTerm.Factors(Load(a, r * channels + c, count), Load(x, r * channels + c, count), means);
                lanes.AddProducts(first, second);
            }
            lanes.CopyTo(sums.Slice(c, count));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load(ReadOnlySpan<float> x, int start, int count)
        => count == Lanes ? Vector512.Create(x.Slice(start, Lanes)) : DoubleLanes.Tail(x.Slice(start, count), 0);

    private readonly struct Value : ITerm
    {
        public static float Missing(float mean) => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static (Vector512<float> First, Vector512<float> Second) Factors(Vector512<float> a, Vector512<float> x, Vector512<float> mean)
            => (a, Vector512<float>.One);
    }

    private readonly struct SquaredDistance : ITerm
    {
        public static float Missing(float mean) => mean;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static (Vector512<float> First, Vector512<float> Second) Factors(Vector512<float> a, Vector512<float> x, Vector512<float> mean)
            => (a - mean, a - mean);
    }

    private readonly struct Product : ITerm
    {
        public static float Missing(float mean) => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static (Vector512<float> First, Vector512<float> Second) Factors(Vector512<float> a, Vector512<float> x, Vector512<float> mean)
            => (a, x - mean);
    }
}
