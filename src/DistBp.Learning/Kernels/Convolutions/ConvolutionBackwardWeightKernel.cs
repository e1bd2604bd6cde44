using System.Numerics;
using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Products;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Convolutions;

/// <summary>See <see cref="Convolution.BackwardWeight"/>: products of taps by windows with dy, which goes on from sample to sample.</summary>
internal unsafe struct ConvolutionBackwardWeightKernel(ConvolutionGeometry geometry, MatrixWorkspace workspace) : IVectorized
{
    public float* Dy, X, Dw, Db;
    public int* Starts;
    public int Slices;

    public readonly void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        int n = geometry.FiltersOfGroup, padded = GatheredProduct<TVector, TSimd>.PaddedColumns(n);
        var planes = new PaddedPlanes(geometry.Channels, geometry.Window.Input, geometry.Window.Before, geometry.Window.Padded);
        int rows = GatheredProduct<TVector, TSimd>.PaddedRows(geometry.KernelLength), biases = geometry.Groups * padded;
        int sumLength = checked(biases * rows + biases), waitingMost = BitOperations.Log2((uint)Slices) + 2;
        int stripLength = Strips<TVector, TSimd>.MaxRows * 2 * TSimd.Width, sums = checked(waitingMost * sumLength);
        var scratch = new ConvolutionScratch(workspace, planes.Length, stripLength, sums);
        float* image = scratch.Take(planes.Length), strip = scratch.Take(stripLength), stack = scratch.Take(sums);
        planes.ClearBorder(image);
        new Span<float>(strip, stripLength).Clear();
        for (int s = 0; s < Slices; s++)
        {
            // The tree as a binary counter: see TileRun.
            int waiting = BitOperations.PopCount((uint)s), merges = s == Slices - 1 ? waiting : BitOperations.TrailingZeroCount(s + 1);
            float* sum = stack + waiting * (nint)sumLength;
            new Span<float>(sum, sumLength).Clear();
            for (int row = Starts[s]; row < Starts[s + 1]; row++)
            {
                float* pixels = planes.Fill<TVector, TSimd>(X + row * (nint)geometry.InputElements, image);
                AddSample<TVector, TSimd>(pixels, Dy + row * (nint)geometry.OutputElements, strip, sum, sum + biases * (nint)rows);
            }
            for (; merges > 0; merges--, sum -= sumLength)
                new Elementwise<Addition>(new Addition(sum - sumLength, sum), sumLength).Run<TVector, TSimd>();
        }
        Write<TVector, TSimd>(stack, stack + biases * (nint)rows, rows, padded);
    }

    /// <param name="sum">[strips, taps, columns].</param>
    /// <param name="biasSum">[strips, columns].</param>
    private readonly void AddSample<TVector, TSimd>(float* pixels, float* dy, float* strip, float* sum, float* biasSum)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        int windows = geometry.Window.Output.Area, n = geometry.FiltersOfGroup, taps = geometry.KernelLength;
        int rows = GatheredProduct<TVector, TSimd>.PaddedRows(taps);
        fixed (int* tap = geometry.Taps, positions = geometry.Positions)
        {
            for (int group = 0; group < geometry.Groups; group++)
            {
                float* ofGroup = pixels + group * geometry.ChannelsOfGroup * (nint)geometry.Window.Padded.Area;
                for (int first = 0, columns; first < n; first += columns, sum += rows * (nint)columns, biasSum += columns)
                {
                    columns = GatheredProduct<TVector, TSimd>.StripColumns(n - first);
                    float* from = dy + (group * n + first) * (nint)windows;
                    for (int p = 0; p < windows; p += Strips<TVector, TSimd>.MaxRows)
                    {
                        int count = Math.Min(Strips<TVector, TSimd>.MaxRows, windows - p);
                        Transposition.Run(from + p, windows, Math.Min(columns, n - first), count, strip, columns);
                        GatheredProduct<TVector, TSimd>.Run(ofGroup, tap, taps, positions + p, count, strip, columns, sum, columns, sum);
                        if (columns == TSimd.Width) AddRows<TVector, TSimd>(strip, count, columns, biasSum);
                        else AddRowPairs<TVector, TSimd>(strip, count, columns, biasSum);
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRows<TVector, TSimd>(float* strip, int count, int columns, float* sum)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TVector s = TSimd.Load(sum);
        for (; count > 0; count--, strip += columns) s = TSimd.Add(s, TSimd.Load(strip));
        TSimd.Store(s, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRowPairs<TVector, TSimd>(float* strip, int count, int columns, float* sum)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        int w = TSimd.Width;
        TVector s0 = TSimd.Load(sum), s1 = TSimd.Load(sum + w);
        for (; count > 0; count--, strip += columns)
        {
            s0 = TSimd.Add(s0, TSimd.Load(strip));
            s1 = TSimd.Add(s1, TSimd.Load(strip + w));
        }
        TSimd.Store(s0, sum);
        TSimd.Store(s1, sum + w);
    }

    private readonly void Write<TVector, TSimd>(float* sum, float* biasSum, int rows, int padded)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        int n = geometry.FiltersOfGroup, taps = geometry.KernelLength;
        for (int group = 0; group < geometry.Groups; group++)
        {
            new Span<float>(biasSum + group * padded, n).CopyTo(new Span<float>(Db + group * n, n));
            for (int first = 0, columns; first < n; first += columns, sum += rows * (nint)columns)
            {
                columns = GatheredProduct<TVector, TSimd>.StripColumns(n - first);
                Transposition.Run(sum, columns, taps, Math.Min(columns, n - first), Dw + (group * n + first) * (nint)taps, taps);
            }
        }
    }

    /// <summary>left += right.</summary>
    private readonly struct Addition(float* left, float* right) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
            => TSimd.Store(TSimd.Add(TSimd.Load(left + i), TSimd.Load(right + i)), left + i);
    }
}
