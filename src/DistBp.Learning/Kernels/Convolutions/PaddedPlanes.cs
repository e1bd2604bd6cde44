using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Convolutions;

/// <summary>Copies planes of pixels into ones with a border of zeros, which is cleared once and then stays.</summary>
/// <param name="planes">How many.</param>
/// <param name="size">Of a plane.</param>
/// <param name="before">Rows above, columns to the left.</param>
/// <param name="padded">Of a plane with its border.</param>
internal readonly unsafe struct PaddedPlanes(int planes, Plane size, Plane before, Plane padded)
{
    /// <summary>Rounded up, so that what follows lies on a cache line.</summary>
    public int Length => NeedsCopy ? (planes * padded.Area + 15) / 16 * 16 : 0;

    private bool NeedsCopy => padded != size;

    public void ClearBorder(float* memory) => new Span<float>(memory, Length).Clear();

    /// <returns>The padded planes: in memory, or where there is no border the pixels themselves.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float* Fill<TVector, TSimd>(float* pixels, float* memory)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        if (!NeedsCopy) return pixels;
        float* source = pixels;
        int width = size.Width;
        for (int plane = 0; plane < planes; plane++)
        {
            float* to = memory + plane * (nint)padded.Area + before.Height * padded.Width + before.Width;
            for (int row = 0; row < size.Height; row++, source += width, to += padded.Width)
            {
                int i = 0;
                for (; i + TSimd.Width <= width; i += TSimd.Width) TSimd.Store(TSimd.Load(source + i), to + i);
                for (; i < width; i++) to[i] = source[i];
            }
        }
        return memory;
    }
}
