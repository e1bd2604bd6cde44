using DistBp.Learning.Kernels.Products;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>
/// Single-precision matrix products, row-major. Every element starts at 0 and accumulates over k in order with fused multiply-add, so
/// its bits depend on no tile size, vector width or thread count. Outputs are overwritten and overlap no input. Operands are read where
/// they lie: a weight needs no packing of its own, the smaller side of a product is packed on the way.
/// </summary>
public static unsafe class MatrixProduct
{
    [ThreadStatic]
    private static MatrixWorkspace? s_workspace;

    /// <summary>
    /// c [m, n] = op(a) [m, k] · op(b) [k, n]. With <paramref name="transposeA"/>, a is stored [k, m]; with
    /// <paramref name="transposeB"/>, b is stored [n, k]. k = 0 gives zeros. The workspace is the calling thread's own if not given.
    /// </summary>
    public static void Multiply(
        ReadOnlySpan<float> a, bool transposeA, ReadOnlySpan<float> b, bool transposeB, Span<float> c, int m, int n, int k,
        MatrixWorkspace? workspace = null)
    {
        Require(a, m, k);
        Require(b, k, n);
        Require(c, m, n);
        fixed (float* pa = a, pb = b, pc = c)
        {
            var task = new ProductTask
            {
                A = transposeA ? new Operand(pa, 1, m) : new Operand(pa, k, 1),
                B = transposeB ? new Operand(pb, k, 1) : new Operand(pb, 1, n),
                M = m,
                N = n,
                K = k,
                C = new Destination { Matrix = pc, RowLength = n },
            };
            if (transposeB && task.SwappedIsCheaper) task.Swap();
            Run(task, workspace ?? (s_workspace ??= new MatrixWorkspace()));
        }
    }

    /// <summary>
    /// y [rows, units] = activation(x [rows, inputs] · weightᵀ + bias), weight [units, inputs] (PyTorch's layout).
    /// </summary>
    /// <param name="bias">[units], or empty for none.</param>
    /// <param name="preActivation">[rows, units]: receives x·weightᵀ + bias where backward needs it (gelu); empty: not written.</param>
    public static void Dense(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, Activation activation,
        Span<float> preActivation, Span<float> y, int rows, int units, int inputs, MatrixWorkspace workspace)
    {
        Require(x, rows, inputs);
        Require(weight, units, inputs);
        if (bias.Length > 0) Require(bias, units, 1);
        if (preActivation.Length > 0) Require(preActivation, rows, units);
        Require(y, rows, units);
        fixed (float* px = x, pw = weight, pb = bias, pp = preActivation, py = y)
        {
            var task = new ProductTask
            {
                A = new Operand(px, inputs, 1),
                B = new Operand(pw, inputs, 1),
                M = rows,
                N = units,
                K = inputs,
                C = new Destination { Matrix = py, RowLength = units, Bias = pb, PreActivation = pp, Activation = activation },
            };
            if (task.SwappedIsCheaper) task.Swap();
            Run(task, workspace);
        }
    }

    /// <summary>
    /// dx [rows, inputs] = (dy [rows, units] · weight [units, inputs]) ⊙ f'(·), f the activation that made this layer's input
    /// (<see cref="Activation.Identity"/>: no factor).
    /// </summary>
    /// <param name="previousX">[rows, inputs]: what f was applied to; read for gelu only, otherwise may be empty.</param>
    /// <param name="previousY">[rows, inputs]: what f gave, this layer's input; not read for identity and gelu.</param>
    public static void DenseBackwardInput(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> weight, Activation previous, ReadOnlySpan<float> previousX,
        ReadOnlySpan<float> previousY, Span<float> dx, int rows, int units, int inputs, MatrixWorkspace workspace)
    {
        Require(dy, rows, units);
        Require(weight, units, inputs);
        Require(dx, rows, inputs);
        bool fromX = previous == Activation.Gelu, fromY = !fromX && previous != Activation.Identity;
        if (fromX) Require(previousX, rows, inputs);
        if (fromY) Require(previousY, rows, inputs);
        fixed (float* pdy = dy, pw = weight, ppx = previousX, ppy = previousY, pdx = dx)
        {
            Run(
                new ProductTask
                {
                    A = new Operand(pdy, units, 1),
                    B = new Operand(pw, 1, inputs),
                    M = rows,
                    N = inputs,
                    K = units,
                    C = new Destination
                    {
                        Matrix = pdx,
                        RowLength = inputs,
                        Previous = previous,
                        PreviousX = fromX ? ppx : null,
                        PreviousY = fromY ? ppy : null,
                    },
                },
                workspace);
        }
    }

    /// <summary>
    /// dw [units, inputs]: the sum along the <see cref="ReductionTree"/> of the slices' products dyᵀ·x, each over its rows in order from 0.
    /// </summary>
    /// <param name="dy">[rows, units].</param>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="rowStarts">Slices + 1 values (<see cref="SliceRows.RowStarts"/>); an empty slice contributes zeros.</param>
    public static void DenseBackwardWeight(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<int> rowStarts, Span<float> dw, int units, int inputs,
        MatrixWorkspace workspace)
    {
        int rows = rowStarts.IsEmpty ? 0 : rowStarts[^1];
        Require(dy, rows, units);
        Require(x, rows, inputs);
        Require(dw, units, inputs);
        fixed (float* pdy = dy, px = x, pdw = dw)
        fixed (int* starts = rowStarts)
        {
            Run(
                new ProductTask
                {
                    A = new Operand(pdy, 1, units),
                    B = new Operand(px, 1, inputs),
                    M = units,
                    N = inputs,
                    K = rows,
                    SliceStarts = rowStarts.Length > 1 ? starts : null,
                    SliceCount = rowStarts.Length - 1,
                    C = new Destination { Matrix = pdw, RowLength = inputs },
                },
                workspace);
        }
    }

    private static void Run(ProductTask task, MatrixWorkspace workspace)
    {
        var kernel = new ProductKernel(task, workspace);
        Widest.Run(ref kernel);
    }

    private static void Require(ReadOnlySpan<float> matrix, int rows, int columns)
    {
        if (rows < 0 || columns < 0 || matrix.Length < (long)rows * columns)
            throw new ArgumentException($"A matrix of {matrix.Length} elements was given where [{rows}, {columns}] is needed.");
    }
}
