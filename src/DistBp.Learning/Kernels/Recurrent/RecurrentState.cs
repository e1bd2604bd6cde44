using DistBp.Learning.Kernels.Products;

namespace DistBp.Learning.Kernels.Recurrent;

/// <summary>The parts of one direction's memory between forward and backward; rows are [sequence, step], as the input's.</summary>
internal readonly unsafe struct RecurrentState
{
    private const int LineFloats = 16;

    /// <summary>[rows, steps, ColumnUnits].</summary>
    public readonly float* Gates;

    /// <summary>[rows, steps, units] each; the last two only of an lstm.</summary>
    public readonly float* PreviousH, PreviousC, TanhC;

    /// <summary>[ColumnUnits]: what the sums start from.</summary>
    public readonly float* Bias;

    /// <summary>[rows, units] each.</summary>
    public readonly float* H, C;

    /// <summary>Weights as their products read them.</summary>
    public readonly float* PackedInput, PackedRecurrent;

    public RecurrentState(in RecurrentShape shape, int rows, float* start)
    {
        float* next = start;
        long history = (long)rows * shape.Steps * shape.Units, cell = shape.Cell == RecurrentCell.Lstm ? 1 : 0;
        Gates = Take(ref next, (long)rows * shape.Steps * shape.ColumnUnits);
        PreviousH = Take(ref next, history);
        PreviousC = Take(ref next, cell * history);
        TanhC = Take(ref next, cell * history);
        Bias = Take(ref next, shape.ColumnUnits);
        H = Take(ref next, (long)rows * shape.Units);
        C = Take(ref next, cell * rows * shape.Units);
        PackedInput = Take(ref next, Math.Max(
            PanelProduct.PackedLength(shape.GateUnits, shape.Features), PanelProduct.PackedLength(shape.Features, shape.GateUnits)));
        PackedRecurrent = Take(ref next, (long)shape.GateUnits * PackedUnits(shape.Units));
        Length = next - start;
    }

    /// <summary>In floats.</summary>
    public long Length { get; }

    public static long LengthOf(in RecurrentShape shape, int rows) => new RecurrentState(shape, rows, null).Length;

    /// <summary>Where a run of gates begins in <see cref="PackedRecurrent"/>.</summary>
    public static nint RunOffset(in RecurrentShape shape, in GateRun run) => run.Gate * shape.Units * (nint)PackedUnits(shape.Units);

    // Packed along either side a block of gates takes at most this times units.
    private static int PackedUnits(int units) => (units + LineFloats - 1) / LineFloats * LineFloats;

    private static float* Take(ref float* next, long length)
    {
        float* part = next;
        next += (length + LineFloats - 1) / LineFloats * LineFloats;
        return part;
    }
}
