using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Recurrent;

/// <summary>One step of time after its products: gates, new states, outputs, in one pass.</summary>
internal static class CellStep
{
    public static void Forward(RecurrentCell cell, in CellRows rows)
    {
        switch (cell)
        {
            case RecurrentCell.Lstm: Run(new ForwardStep<LstmCell>(rows)); break;
            case RecurrentCell.Gru: Run(new ForwardStep<GruCell>(rows)); break;
            case RecurrentCell.Relu: Run(new ForwardStep<PlainCell<Relu>>(rows)); break;
            default: Run(new ForwardStep<PlainCell<Tanh>>(rows)); break;
        }
    }

    public static void Backward(RecurrentCell cell, in CellRows rows)
    {
        switch (cell)
        {
            case RecurrentCell.Lstm: Run(new BackwardStep<LstmCell>(rows)); break;
            case RecurrentCell.Gru: Run(new BackwardStep<GruCell>(rows)); break;
            case RecurrentCell.Relu: Run(new BackwardStep<PlainCell<Relu>>(rows)); break;
            default: Run(new BackwardStep<PlainCell<Tanh>>(rows)); break;
        }
    }

    private static void Run<TKernel>(TKernel kernel)
        where TKernel : struct, IVectorized
        => Widest.Run(ref kernel);
}

internal readonly unsafe struct ForwardStep<TCell>(CellRows block) : IVectorized
    where TCell : ICell
{
    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        CellRows row = block;
        for (int r = 0; r < block.Rows; r++, row.Advance())
        {
            if (block.Counts(r)) Row<TVector, TSimd>(row);
            else Keep(row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row<TVector, TSimd>(in CellRows row)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TCell.Activate<TVector, TSimd>(row.Gates, row.Units);
        nint j = 0;
        for (; j + TSimd.Width <= row.Units; j += TSimd.Width) Units<TVector, TSimd>(row, j);
        for (; j < row.Units; j++) Units<float, SimdScalar>(row, j);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Units<TVector, TSimd>(in CellRows row, nint j)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TCell.FetchNext(row, j);
        TVector previousH = TSimd.Load(row.H + j);
        TSimd.Store(previousH, row.PreviousH + j);
        TVector h = TCell.Forward<TVector, TSimd>(row, previousH, j);
        TSimd.Store(h, row.H + j);
        if (row.Y != null) TSimd.Store(h, row.Y + j);
    }

    /// <summary>Padding: the state stays, the output is zero, and what backward multiplies by zero is finite.</summary>
    private static void Keep(in CellRows row)
    {
        new Span<float>(row.H, row.Units).CopyTo(new Span<float>(row.PreviousH, row.Units));
        if (row.Y != null) new Span<float>(row.Y, row.Units).Clear();
    }
}

internal readonly unsafe struct BackwardStep<TCell>(CellRows block) : IVectorized
    where TCell : ICell
{
    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        CellRows row = block;
        for (int r = 0; r < block.Rows; r++, row.Advance())
        {
            if (block.Counts(r)) Row<TVector, TSimd>(row);
            else new Span<float>(row.Gates, TCell.Columns * row.Units).Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row<TVector, TSimd>(in CellRows row)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        nint j = 0;
        for (; j + TSimd.Width <= row.Units; j += TSimd.Width) Units<TVector, TSimd>(row, j);
        for (; j < row.Units; j++) Units<float, SimdScalar>(row, j);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Units<TVector, TSimd>(in CellRows row, nint j)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TCell.FetchNext(row, j);
        TVector dh = TSimd.Load(row.H + j);
        if (row.Y != null) dh = TSimd.Add(dh, TSimd.Load(row.Y + j));
        TVector direct = TCell.Backward<TVector, TSimd>(row, dh, j);
        TSimd.Store(row.Cut ? default : direct, row.H + j);
    }
}
