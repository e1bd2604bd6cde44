using System.Runtime.CompilerServices;

namespace DistBp.Learning.Kernels.Recurrent;

/// <summary>A block of sequences at one step of time, as the cells see them: for each buffer the first row, and how far the next is.</summary>
internal unsafe struct CellRows
{
    public int Rows, Units, Time;

    /// <summary>Null, or how many steps of each row count: beyond them its state stays.</summary>
    public int* Lengths;

    /// <summary>Forward: from sums to gates, in place. Backward: from gates to the gradients of the sums, in place.</summary>
    public float* Gates;

    public nint GatesRow;

    /// <summary>The state before the step (and the cell's, and tanh of the cell's after it): what backward needs.</summary>
    public float* PreviousH, PreviousC, TanhC;

    public nint HistoryRow;

    /// <summary>[Rows, Units]: the state as it goes; backward: its gradient, without the share that comes by the recurrent product.</summary>
    public float* H, C;

    /// <summary>From row to row of H; rows of C follow each other.</summary>
    public nint HRow;

    /// <summary>Null, or the output of this step; backward: its gradient.</summary>
    public float* Y;

    public nint YRow;

    /// <summary>From here to the step that comes next, in the gate buffer and in the states before a step: it is fetched meanwhile.</summary>
    public nint NextGates, NextHistory;

    /// <summary>Backward: the gradient goes no further from here.</summary>
    public bool Cut;

    public readonly bool Counts(int row) => Lengths == null || Time < Lengths[row];

    /// <summary>The row after the first becomes the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance()
    {
        Gates += GatesRow;
        PreviousH += HistoryRow;
        PreviousC += HistoryRow;
        TanhC += HistoryRow;
        H += HRow;
        C += Units;
        if (Y != null) Y += YRow;
    }
}
