using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Convolutions;

/// <summary>The right sides of gathered products, cut into strips of columns that lie together: strip by strip, each [k, columns].</summary>
internal static unsafe class Strips<TVector, TSimd>
    where TVector : struct
    where TSimd : ISimd<TVector>
{
    /// <summary>Windows in one strip of results: as many as stay in the first cache. A multiple of a tile's rows.</summary>
    public const int MaxRows = 504;

    /// <summary>packed: element (p, j) of a side [k, n] is source[order[p] + j · stride]; columns past the last are zeros.</summary>
    public static void Pack(float* source, int* order, int k, int stride, int n, float* packed)
    {
        for (int first = 0; first < n;)
        {
            int columns = GatheredProduct<TVector, TSimd>.StripColumns(n - first), there = Math.Min(columns, n - first);
            for (int p = 0; p < k; p++, packed += columns)
            {
                float* from = source + order[p] + first * (nint)stride;
                for (int j = 0; j < columns; j++) packed[j] = j < there ? from[j * (nint)stride] : 0;
            }
            first += columns;
        }
    }
}
