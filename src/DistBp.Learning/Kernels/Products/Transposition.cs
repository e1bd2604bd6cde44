using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace DistBp.Learning.Kernels.Products;

/// <summary>Copies a matrix into its transpose, by blocks of 4 × 4 in registers.</summary>
internal static unsafe class Transposition
{
    // Rows go in strips of 8: more would evict each other from the first cache where their distance is a power of two.
    private const int Strip = 8;

    /// <summary>destination [columns, rows] = source [rows, columns]ᵀ; rows of each are so many floats apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* source, nint sourceRow, int rows, int columns, float* destination, nint destinationRow)
    {
        int blockColumns = columns & ~3;
        int r = 0;
        for (; r + Strip <= rows; r += Strip)
        {
            float* from = source + r * sourceRow, to = destination + r;
            for (int c = 0; c < blockColumns; c += 4, from += 4, to += 4 * destinationRow)
            {
                Block(from, sourceRow, to, destinationRow);
                Block(from + 4 * sourceRow, sourceRow, to + 4, destinationRow);
            }
        }
        for (; r + 4 <= rows; r += 4)
        {
            for (int c = 0; c < blockColumns; c += 4)
                Block(source + r * sourceRow + c, sourceRow, destination + c * destinationRow + r, destinationRow);
        }
        for (int c = 0; c < columns; c++)
        {
            for (int tail = c < blockColumns ? r : 0; tail < rows; tail++)
                destination[c * destinationRow + tail] = source[tail * sourceRow + c];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block(float* source, nint sourceRow, float* destination, nint destinationRow)
    {
        Vector128<float> r0 = Vector128.Load(source), r1 = Vector128.Load(source + sourceRow);
        Vector128<float> r2 = Vector128.Load(source + 2 * sourceRow), r3 = Vector128.Load(source + 3 * sourceRow);
        Vector128<float> low01 = ZipLow(r0, r1), high01 = ZipHigh(r0, r1), low23 = ZipLow(r2, r3), high23 = ZipHigh(r2, r3);
        LowerHalves(low01, low23).Store(destination);
        UpperHalves(low01, low23).Store(destination + destinationRow);
        LowerHalves(high01, high23).Store(destination + 2 * destinationRow);
        UpperHalves(high01, high23).Store(destination + 3 * destinationRow);
    }

    /// <summary>a0 b0 a1 b1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b)
    {
        if (Sse.IsSupported) return Sse.UnpackLow(a, b);
        return AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b) : Vector128.Create(a[0], b[0], a[1], b[1]);
    }

    /// <summary>a2 b2 a3 b3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b)
    {
        if (Sse.IsSupported) return Sse.UnpackHigh(a, b);
        return AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b) : Vector128.Create(a[2], b[2], a[3], b[3]);
    }

    /// <summary>a0 a1 b0 b1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> LowerHalves(Vector128<float> a, Vector128<float> b)
        => Sse.IsSupported ? Sse.MoveLowToHigh(a, b) : Vector128.Create(a.GetLower(), b.GetLower());

    /// <summary>a2 a3 b2 b3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> UpperHalves(Vector128<float> a, Vector128<float> b)
        => Sse.IsSupported ? Sse.MoveHighToLow(b, a) : Vector128.Create(a.GetUpper(), b.GetUpper());
}
