using DistBp.Learning.Kernels.Reference;

namespace DistBp.Learning.Kernels;

/// <summary>
/// Single-precision matrix products, row-major. Every element starts at 0 and accumulates over k in order with fused multiply-add, so
/// its bits depend on no tile size, vector width or thread count. Outputs are overwritten and overlap no input.
/// </summary>
public static class MatrixProduct
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
        _ = workspace ?? (s_workspace ??= new MatrixWorkspace());
        ProductReference.Multiply(a, transposeA, b, transposeB, c, m, n, k);
    }

    /// <summary>
    /// y [rows, units] = activation(x [rows, inputs] · weightᵀ + bias), weight [units, inputs] (PyTorch's layout).
    /// </summary>
    /// <param name="bias">[units], or empty for none.</param>
    /// <param name="preActivation">[rows, units]: receives x·weightᵀ + bias where backward needs it (gelu); empty: not written.</param>
    public static void Dense(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, Activation activation,
        Span<float> preActivation, Span<float> y, int rows, int units, int inputs, MatrixWorkspace workspace)
        => ProductReference.Dense(x, weight, bias, activation, preActivation, y, rows, units, inputs);

    /// <summary>
    /// dx [rows, inputs] = (dy [rows, units] · weight [units, inputs]) ⊙ f'(·), f the activation that made this layer's input
    /// (<see cref="Activation.Identity"/>: no factor).
    /// </summary>
    /// <param name="previousX">[rows, inputs]: what f was applied to; read for gelu only, otherwise empty.</param>
    /// <param name="previousY">[rows, inputs]: what f gave, this layer's input; not read for identity and gelu.</param>
    public static void DenseBackwardInput(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> weight, Activation previous, ReadOnlySpan<float> previousX,
        ReadOnlySpan<float> previousY, Span<float> dx, int rows, int units, int inputs, MatrixWorkspace workspace)
        => ProductReference.DenseBackwardInput(dy, weight, previous, previousX, previousY, dx, rows, units, inputs);

    /// <summary>
    /// dw [units, inputs]: the sum along the <see cref="ReductionTree"/> of the slices' products dyᵀ·x, each over its rows in order from 0.
    /// </summary>
    /// <param name="dy">[rows, units].</param>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="rowStarts">Slices + 1 values (<see cref="SliceRows.RowStarts"/>); an empty slice contributes zeros.</param>
    public static void DenseBackwardWeight(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<int> rowStarts, Span<float> dw, int units, int inputs,
        MatrixWorkspace workspace)
        => ProductReference.DenseBackwardWeight(dy, x, rowStarts, dw, units, inputs);
}
