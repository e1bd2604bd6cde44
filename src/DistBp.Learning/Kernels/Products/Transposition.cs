using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace DistBp.Learning.Kernels.Products;

/// <summary>Copies a matrix into its transpose, by square blocks in registers.</summary>
internal static unsafe class Transposition
{
    // A cache line: blocks of so many rows and columns read and write whole ones, which then may leave the cache.
    private const int Line = 16;

    /// <summary>destination [columns, rows] = source [rows, columns]ᵀ; rows of each are so many floats apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* source, nint sourceRow, int rows, int columns, float* destination, nint destinationRow)
    {
        int blockColumns = columns & ~3;
        int r = 0;
        for (; r + Line <= rows; r += Line) Strip(source + r * sourceRow, sourceRow, Line, blockColumns, destination + r, destinationRow);
        for (; r + 8 <= rows; r += 8) Strip(source + r * sourceRow, sourceRow, 8, blockColumns, destination + r, destinationRow);
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

    /// <param name="rows">8 or 16.</param>
    /// <param name="columns">A multiple of 4.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Strip(float* source, nint sourceRow, int rows, int columns, float* destination, nint destinationRow)
    {
        int c = 0;
        for (; Avx.IsSupported && c + Line <= columns; c += Line)
        {
            for (int r = 0; r < rows; r += 8)
            {
                float* from = source + r * sourceRow + c, to = destination + c * destinationRow + r;
                Block8(from, sourceRow, to, destinationRow);
                Block8(from + 8, sourceRow, to + 8 * destinationRow, destinationRow);
            }
        }
        for (; c < columns; c += 4)
        {
            for (int r = 0; r < rows; r += 4) Block(source + r * sourceRow + c, sourceRow, destination + c * destinationRow + r, destinationRow);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block8(float* source, nint sourceRow, float* destination, nint destinationRow)
    {
        Half8(source, sourceRow, destination, destinationRow);
        Half8(source + 4, sourceRow, destination + 4 * destinationRow, destinationRow);
    }

    /// <summary>8 rows of 4 columns: rows r and r + 4 share a register, whose halves go through the same as <see cref="Block"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Half8(float* source, nint sourceRow, float* destination, nint destinationRow)
    {
        float* below = source + 4 * sourceRow;
        Vector256<float> r0 = Vector256.Create(Vector128.Load(source), Vector128.Load(below));
        Vector256<float> r1 = Vector256.Create(Vector128.Load(source + sourceRow), Vector128.Load(below + sourceRow));
        Vector256<float> r2 = Vector256.Create(Vector128.Load(source + 2 * sourceRow), Vector128.Load(below + 2 * sourceRow));
        Vector256<float> r3 = Vector256.Create(Vector128.Load(source + 3 * sourceRow), Vector128.Load(below + 3 * sourceRow));
        Vector256<float> low01 = Avx.UnpackLow(r0, r1), high01 = Avx.UnpackHigh(r0, r1);
        Vector256<float> low23 = Avx.UnpackLow(r2, r3), high23 = Avx.UnpackHigh(r2, r3);
        Avx.Shuffle(low01, low23, 0x44).Store(destination);
        Avx.Shuffle(low01, low23, 0xEE).Store(destination + destinationRow);
        Avx.Shuffle(high01, high23, 0x44).Store(destination + 2 * destinationRow);
        Avx.Shuffle(high01, high23, 0xEE).Store(destination + 3 * destinationRow);
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
