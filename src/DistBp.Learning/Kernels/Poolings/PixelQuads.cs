using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Poolings;

/// <summary>As many windows of 2 x 2 pixels, side by side, as a vector has lanes, and which pixel of each is the largest.</summary>
internal readonly unsafe struct PixelQuads<TVector, TSimd>
    where TVector : struct
    where TSimd : ISimd<TVector>
{
    private readonly TVector _wins1, _wins2, _wins3;

    /// <param name="pixels">The upper left one of the first window.</param>
    /// <param name="width">From row to row.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PixelQuads(float* pixels, int width)
    {
        (TVector upperLeft, TVector upperRight) = TSimd.Unzip(TSimd.Load(pixels), TSimd.Load(pixels + TSimd.Width));
        (TVector lowerLeft, TVector lowerRight) = TSimd.Unzip(TSimd.Load(pixels + width), TSimd.Load(pixels + width + TSimd.Width));
        TVector best = upperLeft;
        _wins1 = Wins(upperRight, ref best);
        _wins2 = Wins(lowerLeft, ref best);
        _wins3 = Wins(lowerRight, ref best);
        Largest = best;
    }

    /// <summary>As <see cref="WindowPixels.Largest"/>.</summary>
    public TVector Largest { get; }

    /// <summary>Windows of 2 x 2 side by side.</summary>
    public static bool Fit(WindowGeometry window)
        => window.Size == Plane.Square(2) && window.Stride == Plane.Square(2) && window.Before == default && window.After == default;

    /// <summary>dy at the largest pixel, 0 at the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Scatter(TVector dy, float* dx, int width)
    {
        TVector zero = TSimd.Broadcast(0), rest = dy;
        TVector lowerRight = Take(_wins3, zero, ref rest), lowerLeft = Take(_wins2, zero, ref rest);
        TVector upperRight = Take(_wins1, zero, ref rest);
        (TVector a, TVector b) = TSimd.Zip(rest, upperRight);
        TSimd.Store(a, dx);
        TSimd.Store(b, dx + TSimd.Width);
        (a, b) = TSimd.Zip(lowerLeft, lowerRight);
        TSimd.Store(a, dx + width);
        TSimd.Store(b, dx + width + TSimd.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Wins(TVector pixel, ref TVector best)
    {
        TVector wins = TSimd.Or(TSimd.GreaterThan(pixel, best), TSimd.IsNaN(pixel));
        best = TSimd.Select(wins, pixel, best);
        return wins;
    }

    /// <summary>What is left where the mask is set; nothing is left there afterwards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Take(TVector mask, TVector zero, ref TVector left)
    {
        TVector taken = TSimd.Select(mask, left, zero);
        left = TSimd.Select(mask, zero, left);
        return taken;
    }
}
