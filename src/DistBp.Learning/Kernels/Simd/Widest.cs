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
    /// <summary>512, 256 or 128 bits.</summary>
    public static int Bits => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated && Fma.IsSupported ? 256 : 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TKernel>(ref TKernel kernel)
        where TKernel : struct, IVectorized
    {
        if (Vector512.IsHardwareAccelerated) kernel.Run<Vector512<float>, Simd512>();
        else if (Vector256.IsHardwareAccelerated && Fma.IsSupported) kernel.Run<Vector256<float>, Simd256>();
        else kernel.Run<Vector128<float>, Simd128>();
    }
}
