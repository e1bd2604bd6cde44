using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Products;

/// <summary>One side of a product: element (index, p) lies at Data + index · Stride + p · Step; one of the two is 1.</summary>
internal readonly unsafe struct Operand(float* data, nint stride, nint step)
{
    public readonly float* Data = data;

    /// <summary>Between neighbours along m (of a) or n (of b).</summary>
    public readonly nint Stride = stride;

    /// <summary>Between neighbours along k.</summary>
    public readonly nint Step = step;

    public float* At(nint index, nint p) => Data + index * Stride + p * Step;
}

/// <summary>c [M, N] = a [M, K] · b [K, N], where it goes, and what is done to it on the way.</summary>
internal unsafe struct ProductTask
{
    /// <summary>The side whose elements are broadcast: read where it lies, unless that is far apart.</summary>
    public Operand A;

    /// <summary>The side that is read by vectors along n.</summary>
    public Operand B;

    public int M, N, K;

    public Destination C;

    /// <summary>Null: one sum over k. Otherwise SliceCount + 1 bounds of slices of k, whose sums are added along the tree.</summary>
    public int* SliceStarts;

    public int SliceCount;

    /// <summary>
    /// Where b lies along k, panels of it must be transposed; computing cᵀ = bᵀ·aᵀ instead transposes a (which must lie along k too) and
    /// c. In training b is a weight, mostly larger than a mini-batch, and a narrow c would fill its vectors badly.
    /// </summary>
    public readonly bool SwappedIsCheaper => A.Step == 1 && B.Step == 1 && M >= 16 && M < N;

    public void Swap()
    {
        (A, B) = (B, A);
        (M, N) = (N, M);
        C.Transposed = true;
    }
}

/// <summary>A product at any vector width.</summary>
internal readonly struct ProductKernel(ProductTask task, MatrixWorkspace workspace) : IVectorized
{
    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
        => Product<TVector, TSimd>.Run(task, workspace);
}
