using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace DistBp.Learning.Kernels.Simd;

/// <summary>Hints to the caches; a wrong address does no harm.</summary>
internal static unsafe class Cache
{
    /// <summary>In floats.</summary>
    public const int Line = 16;

    /// <summary>The line will be needed soon.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }

    /// <summary>The line will be needed later: the second cache is near enough.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchFar(float* address)
    {
        if (Sse.IsSupported) Sse.Prefetch1(address);
    }
}
