using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using DistBp.Learning.Kernels.Products;

namespace DistBp.Learning.Kernels.Recurrent;

/// <summary>
/// The gradients of one direction's parameters: dW = dgᵀ·x, dU = dgᵀ·h, db = Σ dg, each over the sequences and steps of a slice in order
/// from 0, then along the <see cref="ReductionTree"/>. The gates' gradients, the largest operand, are packed once for all three.
/// </summary>
internal static unsafe class GateGradients
{
    /// <summary>Left siblings that wait in a tree of so many slices, and one that is being computed.</summary>
    private static int Depth(int slices) => BitOperations.Log2((uint)Math.Max(1, slices)) + 2;

    public static void Compute(
        in RecurrentShape shape, in RecurrentState state, float* x, ReadOnlySpan<int> rowStarts, MatrixWorkspace workspace,
        in RecurrentGradients gradients)
    {
        var plan = new Plan(shape);
        int slices = rowStarts.Length - 1;
        Span<float> scratch = workspace.Scratch(checked(plan.PackedLength + Depth(slices) * plan.SumLength));
        fixed (float* packed = scratch)
        {
            float* stack = packed + plan.PackedLength;
            for (int s = 0; s < slices; s++)
            {
                // The tree as a binary counter: see TileRun.
                int waiting = BitOperations.PopCount((uint)s), merges = s == slices - 1 ? waiting : BitOperations.TrailingZeroCount(s + 1);
                float* sums = stack + waiting * (nint)plan.SumLength;
                Slice(plan, state, x, rowStarts[s] * (long)shape.Steps, (rowStarts[s + 1] - rowStarts[s]) * shape.Steps, packed, sums);
                for (; merges > 0; merges--, sums -= plan.SumLength)
                {
                    var right = new Span<float>(sums, plan.SumLength);
                    var left = new Span<float>(sums - plan.SumLength, plan.SumLength);
                    GradientReduction.Add(left, right, left);
                }
            }
            if (slices == 0) new Span<float>(stack, plan.SumLength).Clear();
            gradients.Take(plan, stack);
        }
    }

    /// <param name="start">The slice's first step of its first sequence.</param>
    private static void Slice(in Plan plan, in RecurrentState state, float* x, long start, int steps, float* packed, float* sums)
    {
        RecurrentShape shape = plan.Shape;
        int units = shape.Units, features = shape.Features;
        float* packedGates = packed, packedX = packedGates + plan.PackedGates, packedH = packedX + plan.PackedX;
        if (steps == 0) new Span<float>(sums, plan.SumLength).Clear();
        for (int p = 0; p < steps; p += PanelProduct.MaxKBlock)
        {
            int k = Math.Min(PanelProduct.MaxKBlock, steps - p);
            float* gates = state.Gates + (start + p) * shape.ColumnUnits;
            PanelProduct.Pack(new Operand(x + (start + p) * features, 1, features), features, k, packedX);
            PanelProduct.Pack(new Operand(state.PreviousH + (start + p) * units, 1, units), units, k, packedH);
            for (int column = 0; column < GateLayout.Columns(shape.Cell); column++)
            {
                Packing.Rows(new Operand(gates + column * (nint)units, 1, shape.ColumnUnits), 0, units, 0, k, packedGates);
                AddUp(packedGates, units, k, sums + plan.Bias + column * (nint)units, p == 0);
                if (column < GateLayout.Gates(shape.Cell)) Multiply(packedGates, packedX, sums + column * (nint)units * features, units, features, k, p == 0);
                if (RecurrentGate(shape.Cell, column) is >= 0 and int gate)
                    Multiply(packedGates, packedH, sums + plan.Recurrent + gate * (nint)units * units, units, units, k, p == 0);
            }
        }
    }

    private static void Multiply(float* a, float* b, float* sum, int m, int n, int k, bool first) => PanelProduct.Run(new PanelTask
    {
        A = new Operand(a, 0, 0),
        PackedA = true,
        B = b,
        Start = first ? null : sum,
        StartRow = n,
        C = sum,
        CRow = n,
        M = m,
        N = n,
        K = k,
    });

    /// <summary>sums [units] (+)= the packed tiles [units / 8, k, 8], over k in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddUp(float* tiles, int units, int k, float* sums, bool first)
    {
        float* tile = stackalloc float[ITile.Rows];
        for (int u = 0; u < units; u += ITile.Rows)
        {
            var count = Math.Min(ITile.Rows, units - u);
            new Span<float>(tile, ITile.Rows).Clear();
            if (!first) new Span<float>(sums + u, count).CopyTo(new Span<float>(tile, count));
            var sum = Vector256.Load(tile);
            for (int p = 0; p < k; p++, tiles += ITile.Rows) sum += Vector256.Load(tiles);
            sum.Store(tile);
            new Span<float>(tile, count).CopyTo(new Span<float>(sums + u, count));
        }
    }

    /// <summary>The gate whose recurrent weight that block of columns belongs to; −1: none.</summary>
    private static int RecurrentGate(RecurrentCell cell, int column)
    {
        foreach (GateRun run in GateLayout.Recurrent(cell))
        {
            if (column >= run.Column && column < run.Column + run.Count) return run.Gate + column - run.Column;
        }
        return -1;
    }

    /// <summary>Where what lies: packed gates, x and h, then for each sum dW, dU and db (of all columns).</summary>
    internal readonly struct Plan(RecurrentShape shape)
    {
        public readonly RecurrentShape Shape = shape;

        public int PackedGates => (Shape.Units + ITile.Rows) * PanelProduct.MaxKBlock;

        public int PackedX => PanelProduct.PackedLength(Shape.Features, PanelProduct.MaxKBlock);

        public int PackedLength => checked(PackedGates + PackedX + PanelProduct.PackedLength(Shape.Units, PanelProduct.MaxKBlock));

        public int Recurrent => checked(Shape.GateUnits * Shape.Features);

        public int Bias => checked(Recurrent + Shape.GateUnits * Shape.Units);

        public int SumLength => checked(Bias + Shape.ColumnUnits);
    }
}

/// <summary>Where the gradients go, in the shapes of <see cref="RecurrentWeights"/>.</summary>
internal readonly unsafe struct RecurrentGradients(float* input, float* recurrent, float* biasInput, float* biasRecurrent)
{
    public void Take(in GateGradients.Plan plan, float* sums)
    {
        int units = plan.Shape.Units, gateUnits = plan.Shape.GateUnits;
        new ReadOnlySpan<float>(sums, plan.Recurrent).CopyTo(new Span<float>(input, plan.Recurrent));
        new ReadOnlySpan<float>(sums + plan.Recurrent, gateUnits * units).CopyTo(new Span<float>(recurrent, gateUnits * units));
        new ReadOnlySpan<float>(sums + plan.Bias, gateUnits).CopyTo(new Span<float>(biasInput, gateUnits));
        foreach (GateRun run in GateLayout.Recurrent(plan.Shape.Cell))
        {
            int count = run.Count * units;
            new ReadOnlySpan<float>(sums + plan.Bias + run.Column * units, count).CopyTo(new Span<float>(biasRecurrent + run.Gate * units, count));
        }
    }
}
