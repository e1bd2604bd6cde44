using DistBp.Learning.Kernels.Convolutions;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>
/// Convolution over planes of pixels (cross-correlation, as in PyTorch): x [rows, channels, height, width], weight [filters, channels of a
/// group, height, width], y [rows, filters, height, width]. Each is an implicit matrix product: no matrix of windows is made. Padding
/// counts as zeros, which are multiplied and added like pixels. Every element accumulates in one order with fused multiply-add, so its bits
/// depend on no tile size, vector width or thread count. Outputs are overwritten and overlap no input.
/// </summary>
public static unsafe class Convolution
{
    /// <summary>y = f(z), z: from the bias on, over (channel of the group, row, column of the window) in this order.</summary>
    /// <param name="bias">[filters].</param>
    /// <param name="preActivation">As y: receives z where backward needs it (gelu); empty: not written.</param>
    public static void Forward(
        ConvolutionGeometry geometry, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, Activation activation,
        Span<float> preActivation, Span<float> y, int rows, MatrixWorkspace workspace)
    {
        Require(x, rows, geometry.InputElements);
        Require(weight, geometry.Filters, geometry.KernelLength);
        Require(bias, geometry.Filters, 1);
        if (preActivation.Length > 0) Require(preActivation, rows, geometry.OutputElements);
        Require(y, rows, geometry.OutputElements);
        fixed (float* px = x, pw = weight, pb = bias, pp = preActivation, py = y)
        {
            var kernel = new ConvolutionForwardKernel(geometry, workspace)
            {
                X = px, Weight = pw, Bias = pb, PreActivation = pp, Y = py, Rows = rows, Activation = activation,
            };
            Widest.Run(ref kernel);
        }
    }

    /// <summary>
    /// dx = (Σ from 0 over (filter of the group, row, column of the window) in this order, where a window lies on the pixel's stride, of
    /// dy · weight) ⊙ f', f the activation that gave x (<see cref="Activation.Identity"/>: no factor). Windows that would lie outside count
    /// with dy = 0.
    /// </summary>
    /// <param name="previousX">As x: what f was applied to; read for gelu only, otherwise may be empty.</param>
    /// <param name="previousY">x; not read for identity and gelu.</param>
    public static void BackwardInput(
        ConvolutionGeometry geometry, ReadOnlySpan<float> dy, ReadOnlySpan<float> weight, Activation previous, ReadOnlySpan<float> previousX,
        ReadOnlySpan<float> previousY, Span<float> dx, int rows, MatrixWorkspace workspace)
    {
        Require(dy, rows, geometry.OutputElements);
        Require(weight, geometry.Filters, geometry.KernelLength);
        Require(dx, rows, geometry.InputElements);
        bool fromX = previous == Activation.Gelu, fromY = !fromX && previous != Activation.Identity;
        if (fromX) Require(previousX, rows, geometry.InputElements);
        if (fromY) Require(previousY, rows, geometry.InputElements);
        fixed (float* pdy = dy, pw = weight, ppx = previousX, ppy = previousY, pdx = dx)
        {
            var kernel = new ConvolutionBackwardInputKernel(geometry, workspace)
            {
                Dy = pdy, Weight = pw, PreviousX = fromX ? ppx : null, PreviousY = fromY ? ppy : null, Dx = pdx, Rows = rows,
                Previous = previous,
            };
            Widest.Run(ref kernel);
        }
    }

    /// <summary>
    /// dw, as weight, and db [filters]: sums along the <see cref="ReductionTree"/> of the slices' sums, each from 0 over its rows in order
    /// and within a row over the windows in order (row by row).
    /// </summary>
    /// <param name="rowStarts">Slices + 1 values (<see cref="SliceRows.RowStarts"/>); an empty slice contributes zeros.</param>
    public static void BackwardWeight(
        ConvolutionGeometry geometry, ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<int> rowStarts, Span<float> dw,
        Span<float> db, MatrixWorkspace workspace)
    {
        int rows = rowStarts.IsEmpty ? 0 : rowStarts[^1];
        Require(dy, rows, geometry.OutputElements);
        Require(x, rows, geometry.InputElements);
        Require(dw, geometry.Filters, geometry.KernelLength);
        Require(db, geometry.Filters, 1);
        if (rows == 0)
        {
            dw.Clear();
            db.Clear();
            return;
        }
        fixed (float* pdy = dy, px = x, pdw = dw, pdb = db)
        fixed (int* starts = rowStarts)
        {
            var kernel = new ConvolutionBackwardWeightKernel(geometry, workspace)
            {
                Dy = pdy, X = px, Dw = pdw, Db = pdb, Starts = starts, Slices = rowStarts.Length - 1,
            };
            Widest.Run(ref kernel);
        }
    }

    private static void Require(ReadOnlySpan<float> values, int rows, int elements)
    {
        if (rows < 0 || values.Length < (long)rows * elements)
            throw new ArgumentException($"{values.Length} elements were given where {rows} x {elements} are needed.");
    }
}
