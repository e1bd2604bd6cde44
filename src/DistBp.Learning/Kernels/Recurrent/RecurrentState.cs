using DistBp.Learning.Kernels.Products;

namespace DistBp.Learning.Kernels.Recurrent;

/// <summary>The parts of one direction's memory between forward and backward; rows are [sequence, step], as the input's.</summary>
internal readonly unsafe struct RecurrentState
{
    private const int LineFloats = 16;

    /// <summary>[rows, steps, ColumnUnits], steps GateRow apart.</summary>
    public readonly float* Gates;

    /// <summary>[rows, steps, units] each; the last two only of an lstm.</summary>
    public readonly float* PreviousH, PreviousC, TanhC;

    /// <summary>[ColumnUnits]: what the sums start from.</summary>
    public readonly float* Bias;

    /// <summary>
    /// Forward, rows <see cref="ForwardRow"/> apart: the input of a step and the state before it, side by side, the state from a line's beginning
    /// on. Backward [rows, units].
    /// </summary>
    public readonly float* H;

    /// <summary>[rows, units].</summary>
    public readonly float* C;

    /// <summary>Weights as their products read them.</summary>
    public readonly float* Packed;

    public RecurrentState(in RecurrentShape shape, int rows, float* start)
    {
        float* next = start;
        long history = (long)rows * shape.Steps * shape.Units, cell = shape.Cell == RecurrentCell.Lstm ? 1 : 0;
        Gates = Take(ref next, (long)rows * shape.Steps * shape.GateRow);
        PreviousH = Take(ref next, history);
        PreviousC = Take(ref next, cell * history);
        TanhC = Take(ref next, cell * history);
        Bias = Take(ref next, shape.ColumnUnits);
        H = Take(ref next, (long)rows * ForwardRow(shape));
        C = Take(ref next, cell * rows * shape.Units);
        Packed = Take(ref next, PackedLength(shape));
        Length = next - start;
    }

    /// <summary>In floats.</summary>
    public long Length { get; }

    public static long LengthOf(in RecurrentShape shape, int rows) => new RecurrentState(shape, rows, null).Length;

    /// <summary>Where in a row of <see cref="H"/> the state begins, forward; the input ends there.</summary>
    public static int StateOffset(in RecurrentShape shape) => Lines(shape.Features);

    public static int ForwardRow(in RecurrentShape shape) => Lines(shape.Features) + Lines(shape.Units);

    /// <summary>Where in <see cref="Packed"/> a run of gates begins, forward.</summary>
    public static int ForwardOffset(in RecurrentShape shape, in GateRun run)
        => PanelProduct.PackedLength(run.Gate * shape.Units, shape.Features + shape.Units);

    /// <summary>The same, backward.</summary>
    public static int BackwardOffset(in RecurrentShape shape, in GateRun run) => PanelProduct.PackedLength(shape.Units, run.Gate * shape.Units);

    private static int PackedLength(in RecurrentShape shape)
    {
        int length = Math.Max(
            PanelProduct.PackedLength(shape.Units, shape.GateUnits), PanelProduct.PackedLength(shape.Features, shape.GateUnits));
        foreach (GateRun run in GateLayout.Recurrent(shape.Cell))
            length = Math.Max(length, ForwardOffset(shape, run) + PanelProduct.PackedLength(run.Count * shape.Units, shape.Features + shape.Units));
        return length;
    }

    private static int Lines(int floats) => (floats + LineFloats - 1) / LineFloats * LineFloats;

    private static float* Take(ref float* next, long length)
    {
        float* part = next;
        next += (length + LineFloats - 1) / LineFloats * LineFloats;
        return part;
    }
}
