using DistBp.Learning.Kernels.Products;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Convolutions;

/// <summary>See <see cref="Convolution.BackwardInput"/>: for each phase of the input a product over dy with a border of zeros.</summary>
internal unsafe struct ConvolutionBackwardInputKernel(ConvolutionGeometry geometry, MatrixWorkspace workspace) : IVectorized
{
    public float* Dy, Weight, PreviousX, PreviousY, Dx;
    public int Rows;
    public Activation Previous;

    public readonly void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        int n = geometry.ChannelsOfGroup, padded = GatheredProduct<TVector, TSimd>.PaddedColumns(n), elements = geometry.InputElements;
        var planes = new PaddedPlanes(geometry.Filters, geometry.Window.Output, geometry.DyBefore, geometry.PaddedDy);
        int stripLength = (Math.Min(geometry.Window.Input.Area, Strips<TVector, TSimd>.MaxRows) + GatheredRows.Count) * 2 * TSimd.Width;
        int weights = checked(geometry.Filters * geometry.Window.Size.Area * padded), zeros = 2 * TSimd.Width;
        var scratch = new ConvolutionScratch(workspace, planes.Length, weights, zeros, stripLength);
        float* image = scratch.Take(planes.Length), packed = scratch.Take(weights), zero = scratch.Take(zeros), strip = scratch.Take(stripLength);
        planes.ClearBorder(image);
        new Span<float>(zero, zeros).Clear();
        PackWeights<TVector, TSimd>(packed, padded);
        for (int row = 0; row < Rows; row++)
        {
            float* dy = planes.Fill<TVector, TSimd>(Dy + row * (nint)geometry.OutputElements, image);
            float* dx = Dx + row * (nint)elements, weight = packed;
            foreach (InputPhase phase in geometry.Phases)
            {
                for (int group = 0; group < geometry.Groups; group++, weight += phase.Steps.Length * (nint)padded)
                {
                    float* ofGroup = dy + group * geometry.FiltersOfGroup * (nint)geometry.PaddedDy.Area;
                    Group<TVector, TSimd>(phase, ofGroup, weight, zero, strip, dx + group * n * (nint)geometry.Window.Input.Area);
                }
            }
            if (Previous == Activation.Identity) continue;
            nint at = row * (nint)elements;
            float* x = PreviousX == null ? dx : PreviousX + at, y = PreviousY == null ? dx : PreviousY + at;
            new ActivationBackwardKernel(Previous, x, y, dx, dx, elements).Run<TVector, TSimd>();
        }
    }

    private readonly void PackWeights<TVector, TSimd>(float* packed, int padded)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        foreach (InputPhase phase in geometry.Phases)
        {
            fixed (int* order = phase.Weights)
            {
                for (int group = 0; group < geometry.Groups; group++, packed += phase.Weights.Length * (nint)padded)
                {
                    float* ofGroup = Weight + group * geometry.FiltersOfGroup * (nint)geometry.KernelLength;
                    Strips<TVector, TSimd>.Pack(
                        ofGroup, order, phase.Weights.Length, geometry.Window.Size.Area, geometry.ChannelsOfGroup, packed);
                }
            }
        }
    }

    /// <param name="dx">The planes of the group's channels.</param>
    private readonly void Group<TVector, TSimd>(InputPhase phase, float* dy, float* weight, float* zero, float* strip, float* dx)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        int n = geometry.ChannelsOfGroup, k = phase.Steps.Length, plane = geometry.Window.Input.Area, maxRows = Strips<TVector, TSimd>.MaxRows;
        fixed (int* steps = phase.Steps, positions = phase.Positions, pixels = phase.Pixels)
        {
            for (int first = 0, columns; first < n; first += columns)
            {
                columns = GatheredProduct<TVector, TSimd>.StripColumns(n - first);
                int channels = Math.Min(columns, n - first);
                for (int p = 0; p < phase.Pixels.Length; p += maxRows)
                {
                    int count = Math.Min(maxRows, phase.Pixels.Length - p);
                    GatheredProduct<TVector, TSimd>.Run(dy, positions + p, count, steps, k, weight + first * (nint)k, columns, zero, 0, strip);
                    float* to = dx + first * (nint)plane;
                    if (geometry.Phases.Length == 1) Transposition.Run(strip, columns, count, channels, to + p, plane);
                    else Scatter(strip, columns, pixels + p, count, channels, to, plane);
                }
            }
        }
    }

    private static void Scatter(float* strip, int columns, int* pixels, int count, int channels, float* to, int plane)
    {
        for (int channel = 0; channel < channels; channel++, to += plane)
        {
            for (int p = 0; p < count; p++) to[pixels[p]] = strip[p * columns + channel];
        }
    }
}
