namespace DistBp.Learning.Kernels.Reference;

/// <summary>What <see cref="MatrixProduct"/> and <see cref="ColumnSums"/> compute, element by element: their oracle, in their order.</summary>
internal static class ProductReference
{
    /// <summary>c [m, n] = op(a) [m, k] · op(b) [k, n]; every element starts at 0 and accumulates over k in order, fused.</summary>
    public static void Multiply(
        ReadOnlySpan<float> a, bool transposeA, ReadOnlySpan<float> b, bool transposeB, Span<float> c, int m, int n, int k)
    {
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                float sum = 0;
                for (int p = 0; p < k; p++)
                    sum = MathF.FusedMultiplyAdd(transposeA ? a[p * m + i] : a[i * k + p], transposeB ? b[j * k + p] : b[p * n + j], sum);
                c[i * n + j] = sum;
            }
        }
    }

    public static void Dense(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, Activation activation,
        Span<float> preActivation, Span<float> y, int rows, int units, int inputs)
    {
        Multiply(x, false, weight, true, y, rows, units, inputs);
        for (int i = 0; i < rows * units && bias.Length > 0; i++) y[i] += bias[i % units];
        if (preActivation.Length > 0) y[..(rows * units)].CopyTo(preActivation);
        ActivationReference.Apply(activation, y[..(rows * units)], y);
    }

    public static void DenseBackwardInput(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> weight, Activation previous, ReadOnlySpan<float> previousX,
        ReadOnlySpan<float> previousY, Span<float> dx, int rows, int units, int inputs)
    {
        Multiply(dy, false, weight, false, dx, rows, inputs, units);
        ActivationReference.Backward(previous, previousX, previousY, dx[..(rows * inputs)], dx);
    }

    /// <summary>dw [units, inputs]: the per-slice products dyᵀ·x, each over its rows in order from 0, added along the tree.</summary>
    public static void DenseBackwardWeight(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<int> rowStarts, Span<float> dw, int units, int inputs)
    {
        for (int u = 0; u < units; u++)
        {
            for (int i = 0; i < inputs; i++)
                dw[u * inputs + i] = rowStarts.Length > 1 ? WeightSum(dy, x, rowStarts, new Subtree(0, rowStarts.Length - 1), u, i, units, inputs) : 0;
        }
    }

    /// <summary>db [n]: per-slice column sums of dy [rows, n] in row order from 0, added along the tree.</summary>
    public static void ColumnSums(ReadOnlySpan<float> dy, ReadOnlySpan<int> rowStarts, Span<float> db, int n)
    {
        for (int j = 0; j < n; j++)
            db[j] = rowStarts.Length > 1 ? ColumnSum(dy, rowStarts, new Subtree(0, rowStarts.Length - 1), j, n) : 0;
    }

    private static float WeightSum(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<int> rowStarts, Subtree node, int u, int i, int units, int inputs)
    {
        if (node.Count > 1)
            return WeightSum(dy, x, rowStarts, node.Left, u, i, units, inputs) + WeightSum(dy, x, rowStarts, node.Right, u, i, units, inputs);
        float sum = 0;
        for (int r = rowStarts[node.First]; r < rowStarts[node.End]; r++)
            sum = MathF.FusedMultiplyAdd(dy[r * units + u], x[r * inputs + i], sum);
        return sum;
    }

    private static float ColumnSum(ReadOnlySpan<float> dy, ReadOnlySpan<int> rowStarts, Subtree node, int j, int n)
    {
        if (node.Count > 1) return ColumnSum(dy, rowStarts, node.Left, j, n) + ColumnSum(dy, rowStarts, node.Right, j, n);
        float sum = 0;
        for (int r = rowStarts[node.First]; r < rowStarts[node.End]; r++) sum += dy[r * n + j];
        return sum;
    }
}
