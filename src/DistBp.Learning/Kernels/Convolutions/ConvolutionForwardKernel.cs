using DistBp.Learning.Kernels.Products;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Convolutions;

/// <summary>See <see cref="Convolution.Forward"/>: for each sample a product of its windows by taps with the packed weights.</summary>
internal unsafe struct ConvolutionForwardKernel(ConvolutionGeometry geometry, MatrixWorkspace workspace) : IVectorized
{
    public float* X, Weight, Bias, PreActivation, Y;
    public int Rows;
    public Activation Activation;

    public readonly void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        int windows = geometry.Window.Output.Area, n = geometry.FiltersOfGroup, k = geometry.KernelLength;
        int padded = GatheredProduct<TVector, TSimd>.PaddedColumns(n);
        var planes = new PaddedPlanes(geometry.Channels, geometry.Window.Input, geometry.Window.Before, geometry.Window.Padded);
        int stripLength = (Math.Min(windows, Strips<TVector, TSimd>.MaxRows) + GatheredRows.Count) * 2 * TSimd.Width;
        int weights = checked(geometry.Groups * padded * k), biases = geometry.Groups * padded;
        var scratch = new ConvolutionScratch(workspace, planes.Length, weights, biases, stripLength);
        float* image = scratch.Take(planes.Length), packed = scratch.Take(weights), bias = scratch.Take(biases), strip = scratch.Take(stripLength);
        planes.ClearBorder(image);
        fixed (int* taps = geometry.Taps, order = geometry.WeightsInOrder, positions = geometry.Positions)
        {
            for (int group = 0; group < geometry.Groups; group++)
            {
                Strips<TVector, TSimd>.Pack(Weight + group * n * (nint)k, order, k, k, n, packed + group * padded * (nint)k);
                for (int f = 0; f < padded; f++) bias[group * padded + f] = f < n ? Bias[group * n + f] : 0;
            }
            for (int row = 0; row < Rows; row++)
            {
                float* pixels = planes.Fill<TVector, TSimd>(X + row * (nint)geometry.InputElements, image);
                for (int group = 0; group < geometry.Groups; group++)
                {
                    float* ofGroup = pixels + group * geometry.ChannelsOfGroup * (nint)geometry.Window.Padded.Area;
                    for (int first = 0, columns; first < n; first += columns)
                    {
                        columns = GatheredProduct<TVector, TSimd>.StripColumns(n - first);
                        int at = group * padded + first, filters = Math.Min(columns, n - first);
                        nint to = row * (nint)geometry.OutputElements + (group * n + first) * (nint)windows;
                        for (int p = 0; p < windows; p += Strips<TVector, TSimd>.MaxRows)
                        {
                            int count = Math.Min(Strips<TVector, TSimd>.MaxRows, windows - p);
                            GatheredProduct<TVector, TSimd>.Run(
                                ofGroup, positions + p, count, taps, k, packed + at * (nint)k, columns, bias + at, 0, strip);
                            Finish<TVector, TSimd>(strip, count, columns, filters, to + p, windows);
                        }
                    }
                }
            }
        }
    }

    /// <summary>From [windows, filters] to [filters, windows], through the activation.</summary>
    private readonly void Finish<TVector, TSimd>(float* strip, int count, int columns, int filters, nint to, int windows)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        if (PreActivation != null) Transposition.Run(strip, columns, count, filters, PreActivation + to, windows);
        if (Activation != Activation.Identity) new ActivationKernel(Activation, strip, strip, count * columns).Run<TVector, TSimd>();
        Transposition.Run(strip, columns, count, filters, Y + to, windows);
    }
}
