using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace DistBp.Learning.Kernels.Simd;

/// <summary>A kernel with its arguments, which can run at any vector width.</summary>
internal interface IVectorized
{
    void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>;
}

/// <summary>Runs a kernel at the widest vectors that this processor multiplies and adds in one; the JIT keeps one branch.</summary>
internal static class Widest
{
    /// <summary>Bits of the vectors that kernels may use at most; narrower ones give the same bits (the tests go through them all).</summary>
    internal static int Limit { get; set; } = 512;

    /// <summary>512, 256 or 128: what kernels run at here.</summary>
    public static int Bits => Uses512 ? 512 : Uses256 ? 256 : 128;

    private static bool Uses512 => Vector512.IsHardwareAccelerated && Limit >= 512;

    private static bool Uses256 => Vector256.IsHardwareAccelerated && Fma.IsSupported && Limit >= 256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TKernel>(ref TKernel kernel)
        where TKernel : struct, IVectorized
    {
        if (Uses512) kernel.Run<Vector512<float>, Simd512>();
        else if (Uses256) kernel.Run<Vector256<float>, Simd256>();
        else kernel.Run<Vector128<float>, Simd128>();
    }
}
