namespace DistBp.Learning.Kernels;

/// <summary>Matrix products of row-major float matrices. An element accumulates over k in order with fused multiply-add, starting from 0.</summary>
public static class MatrixProduct
{
    /// <summary>
    /// c[m, n] = op(a)[m, k] · op(b)[k, n]. With <paramref name="transposeA"/>, a is stored [k, m]; with <paramref name="transposeB"/>, b is
    /// stored [n, k]. c is overwritten (k = 0 gives zeros) and overlaps neither a nor b.
    /// </summary>
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
}
