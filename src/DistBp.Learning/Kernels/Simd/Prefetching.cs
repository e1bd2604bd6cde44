using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace DistBp.Learning.Kernels.Simd;

/// <summary>Hints to the caches; they change no result, and any address may be given. Nothing where the processor is not an x86.</summary>
internal static unsafe class Prefetching
{
    /// <summary>The cache line at this address is to come into the first cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ToFirst(float* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }

    /// <summary>The cache line at this address is to come into the second cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ToSecond(float* address)
    {
        if (Sse.IsSupported) Sse.Prefetch1(address);
    }
}
