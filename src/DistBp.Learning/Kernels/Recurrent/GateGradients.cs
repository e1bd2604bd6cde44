using System.Numerics;
using DistBp.Learning.Kernels.Products;

namespace DistBp.Learning.Kernels.Recurrent;

/// <summary>
/// The gradients of one direction's parameters: dW = dgᵀ·x, dU = dgᵀ·h, db = Σ dg, each over the sequences and steps of a slice in order
/// from 0, then along the <see cref="ReductionTree"/>. They are one product, transposed: [x | 1 | h]ᵀ · dg, so that the gates' gradients,
/// the largest operand, are read once, panel by panel.
/// </summary>
internal static unsafe class GateGradients
{
    // x and h of so many steps, packed, and the sums stay in the second cache.
    private const int MaxSteps = 512;

    // Three of the widest vectors: one panel of the widest tile, two or four of others.
    private const int PanelColumns = 48;

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
        if (steps == 0) new Span<float>(sums, plan.SumLength).Clear();
        int parts = (steps + MaxSteps - 1) / MaxSteps, part = parts == 0 ? 0 : (steps + parts - 1) / parts;
        for (int p = 0; p < steps; p += part)
        {
            int k = Math.Min(part, steps - p);
            PackRows(plan, x + (start + p) * shape.Features, state.PreviousH + (start + p) * shape.Units, k, packed);
            float* gates = state.Gates + (start + p) * shape.GateRow, sum = sums;
            foreach (GateColumns columns in GateLayout.Gradients(shape.Cell))
            {
                Multiply(plan, columns, packed, gates, k, sum, p == 0);
                sum += plan.LengthOf(columns);
            }
        }
    }

    /// <summary>packed [tiles, k, 8] = x, a one, zeros up to a whole tile, and h.</summary>
    private static void PackRows(in Plan plan, float* x, float* h, int k, float* packed)
    {
        int features = plan.Shape.Features, units = plan.Shape.Units;
        float* ones = packed + features / ITile.Rows * ITile.Rows * (nint)k;
        new Span<float>(ones, ITile.Rows * k).Clear();
        Packing.Rows(new Operand(x, 1, features), 0, features, 0, k, packed);
        for (int p = 0; p < k; p++) ones[p * ITile.Rows + features % ITile.Rows] = 1;
        Packing.Rows(new Operand(h, 1, units), 0, units, 0, k, packed + plan.InputRows * (nint)k);
    }

    /// <summary>sum [rows, columns] (+)= the packed rows that these columns of the gates' gradients meet · the columns.</summary>
    private static void Multiply(in Plan plan, in GateColumns columns, float* packed, float* gates, int k, float* sum, bool first)
    {
        RecurrentShape shape = plan.Shape;
        int width = columns.Count * shape.Units, row = plan.FirstRow(columns);
        float* panel = packed + plan.PackedRows;
        for (int j = 0; j < width; j += PanelColumns)
        {
            int n = Math.Min(PanelColumns, width - j);
            var b = new Operand(gates + columns.Column * (nint)shape.Units + j, 1, shape.GateRow);
            PanelProduct.Pack(b, n, k, panel);
            PanelProduct.Run(new PanelTask
            {
                A = new Operand(packed + row * (nint)k, 0, 0),
                PackedA = true,
                B = panel,
                Next = j + n < width ? new Operand(b.Data + PanelColumns, 1, b.Step) : default,
                Start = first ? null : sum + j,
                StartRow = width,
                C = sum + j,
                CRow = width,
                M = plan.EndRow(columns) - row,
                N = n,
                K = k,
            });
        }
    }

    /// <summary>
    /// Where what lies. Packed: the rows [x | 1 | h], the one in the last tile before h, then a panel of the gates' gradients. The sums follow each
    /// other: of each <see cref="GateColumns"/> the rows that it meets, in whole tiles.
    /// </summary>
    internal readonly struct Plan(RecurrentShape shape)
    {
        public readonly RecurrentShape Shape = shape;

        /// <summary>x, a one, and what is left of the tile.</summary>
        public int InputRows => Whole(Shape.Features + 1);

        public int PackedRows => checked(Rows * MaxSteps);

        public int PackedLength => checked(PackedRows + PanelProduct.PackedLength(PanelColumns, MaxSteps));

        public int SumLength
        {
            get
            {
                int length = 0;
                foreach (GateColumns columns in GateLayout.Gradients(Shape.Cell)) length = checked(length + LengthOf(columns));
                return length;
            }
        }

        private int Rows => InputRows + Whole(Shape.Units);

        public int FirstRow(in GateColumns columns) => columns.MeetsInput ? 0 : InputRows - ITile.Rows;

        public int EndRow(in GateColumns columns) => columns.MeetsState ? Rows : InputRows;

        public int LengthOf(in GateColumns columns) => checked((EndRow(columns) - FirstRow(columns)) * columns.Count * Shape.Units);

        private static int Whole(int rows) => (rows + ITile.Rows - 1) / ITile.Rows * ITile.Rows;
    }
}

/// <summary>Where the gradients go, in the shapes of <see cref="RecurrentWeights"/>.</summary>
internal readonly unsafe struct RecurrentGradients(float* input, float* recurrent, float* biasInput, float* biasRecurrent)
{
    public void Take(in GateGradients.Plan plan, float* sums)
    {
        int units = plan.Shape.Units, features = plan.Shape.Features;
        foreach (GateColumns columns in GateLayout.Gradients(plan.Shape.Cell))
        {
            int width = columns.Count * units, row = plan.FirstRow(columns);
            var bias = new ReadOnlySpan<float>(sums + (features - row) * (nint)width, width);
            if (columns.MeetsInput)
            {
                Transposition.Run(sums, width, features, width, input + columns.Gate * units * (nint)features, features);
                bias.CopyTo(new Span<float>(biasInput + columns.Gate * units, width));
            }
            if (columns.MeetsState)
            {
                Transposition.Run(
                    sums + (plan.InputRows - row) * (nint)width, width, units, width, recurrent + columns.Gate * units * (nint)units, units);
                bias.CopyTo(new Span<float>(biasRecurrent + columns.Gate * units, width));
            }
            sums += plan.LengthOf(columns);
        }
    }
}
