using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Recurrent;

/// <summary>A cell's algebra for one row and the units [j, j + TSimd.Width).</summary>
internal unsafe interface ICell
{
    /// <summary>Blocks of a row of the gate buffer.</summary>
    static abstract int Columns { get; }

    /// <summary>Sets going what the step that comes next touches of these units and is far by now: a block's steps do not fit a near cache.</summary>
    static abstract void FetchNext(in CellRows row, nint j);

    /// <summary>What is done first, gate by gate, to a whole row of the gate buffer.</summary>
    static abstract void Activate<TVector, TSimd>(float* gates, int units)
        where TVector : struct
        where TSimd : ISimd<TVector>;

    /// <summary>The new state; leaves in C (where the cell has one) the new cell state, and for backward what it needs.</summary>
    static abstract TVector Forward<TVector, TSimd>(in CellRows row, TVector previousH, nint j)
        where TVector : struct
        where TSimd : ISimd<TVector>;

    /// <summary>
    /// Gates into their sums' gradients, C into that before the step. Returns the gradient of the state before the step, without the share
    /// by the recurrent product.
    /// </summary>
    static abstract TVector Backward<TVector, TSimd>(in CellRows row, TVector dh, nint j)
        where TVector : struct
        where TSimd : ISimd<TVector>;
}
