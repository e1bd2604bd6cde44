using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using DistBp.Learning.Kernels.Products;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Recurrent;

/// <summary>
/// One direction of a recurrent layer. Sums of gates are fixed as ((b + b') + Σ x·W over the features in order) + Σ h·U over the units in
/// order, fused; only gru's U_n h is summed apart, from b'_n. Sequences do not meet each other, so they go block by block through all
/// steps: a block's gates and the packed weights stay in the second cache. A gate's two sums are one product with x and h side by side.
/// </summary>
internal static unsafe class Recurrence
{
    // Weights of so many floats stay in the cache with a small block; larger ones are fetched anew at each step, for as many rows as can be.
    private const int SmallWeight = 128 * 1024;
    private const int SmallBlock = 32;
    private const int LargeBlock = 256;

    /// <param name="x">[rows, steps, features].</param>
    /// <param name="lengths">Null, or how many steps of each row count.</param>
    /// <param name="outputs">Where the states go.</param>
    public static void Forward(
        in RecurrentShape shape, in RecurrentWeights weights, in RecurrentState state, int rows, float* x, int* lengths,
        in RecurrentOutputs outputs)
    {
        PackForward(shape, weights, state);
        int block = BlockRows(shape);
        for (int first = 0; first < rows; first += block)
        {
            CellRows at = At(shape, state, outputs, lengths, first, Math.Min(block, rows - first));
            at.H += RecurrentState.StateOffset(shape);
            at.HRow = RecurrentState.ForwardRow(shape);
            SetNext(ref at, shape, shape.Reverse ? -1 : 1);
            new Span<float>(state.H, at.Rows * RecurrentState.ForwardRow(shape)).Clear();
            if (shape.Cell == RecurrentCell.Lstm) new Span<float>(state.C, at.Rows * shape.Units).Clear();
            for (int place = 0; place < shape.Steps; place++)
            {
                CellRows step = AtTime(at, shape, outputs, shape.Time(place));
                TakeInput(shape, step, x + (first * (nint)shape.Steps + step.Time) * shape.Features);
                SumGates(shape, state, step, place == 0);
                CellStep.Forward(shape.Cell, step);
            }
            if (outputs.Sequence) continue;
            for (int r = 0; r < at.Rows; r++) outputs.OfRow(first + r, shape.Units, new ReadOnlySpan<float>(at.H + r * at.HRow, shape.Units));
        }
    }

    /// <summary>Leaves in the gate buffer the gradients of the gates' sums, zeros for steps that do not count.</summary>
    /// <param name="outputs">The gradients of the states.</param>
    public static void Backward(
        in RecurrentShape shape, in RecurrentWeights weights, in RecurrentState state, int rows, int* lengths, in RecurrentOutputs outputs)
    {
        foreach (GateRun run in GateLayout.Recurrent(shape.Cell))
        {
            PanelProduct.Pack(
                new Operand(weights.Recurrent + run.Gate * shape.Units * (nint)shape.Units, 1, shape.Units), shape.Units,
                run.Count * shape.Units, state.Packed + RecurrentState.BackwardOffset(shape, run));
        }
        int block = BlockRows(shape);
        for (int first = 0; first < rows; first += block)
        {
            CellRows at = At(shape, state, outputs, lengths, first, Math.Min(block, rows - first));
            SetNext(ref at, shape, shape.Reverse ? 1 : -1);
            int count = at.Rows * shape.Units;
            new Span<float>(state.H, count).Clear();
            if (shape.Cell == RecurrentCell.Lstm) new Span<float>(state.C, count).Clear();
            for (int r = 0; r < at.Rows && !outputs.Sequence; r++)
                new ReadOnlySpan<float>(outputs.Data + (first + r) * outputs.Row, shape.Units).CopyTo(new Span<float>(state.H + r * (nint)shape.Units, shape.Units));
            for (int place = shape.Steps - 1; place >= 0; place--)
            {
                CellRows step = AtTime(at, shape, outputs, shape.Time(place));
                step.Cut = shape.Cuts(place);
                CellStep.Backward(shape.Cell, step);
                if (!step.Cut) CarryBack(shape, state, step);
            }
        }
    }

    /// <summary>dx [rows, steps, features] = (joins: dx +) gradients of the gates' sums · W, after <see cref="Backward"/>.</summary>
    public static void InputGradient(
        in RecurrentShape shape, in RecurrentWeights weights, in RecurrentState state, int rows, float* dx, bool joins)
    {
        PanelProduct.Pack(new Operand(weights.Input, 1, shape.Features), shape.Features, shape.GateUnits, state.Packed);
        PanelProduct.Run(new PanelTask
        {
            A = new Operand(state.Gates, shape.GateRow, 1),
            B = state.Packed,
            Start = joins ? dx : null,
            StartRow = shape.Features,
            C = dx,
            CRow = shape.Features,
            M = rows * shape.Steps,
            N = shape.Features,
            K = shape.GateUnits,
        });
    }

    private static void PackForward(in RecurrentShape shape, in RecurrentWeights weights, in RecurrentState state)
    {
        int units = shape.Units, features = shape.Features;
        new Span<float>(weights.BiasInput, shape.GateUnits).CopyTo(new Span<float>(state.Bias, shape.GateUnits));
        foreach (GateRun run in GateLayout.Recurrent(shape.Cell))
        {
            int from = run.Gate * units, to = run.Column * units, count = run.Count * units;
            var input = new Operand(weights.Input + from * (nint)features, features, 1);
            var recurrent = new Operand(weights.Recurrent + from * (nint)units, units, 1);
            float* packed = state.Packed + RecurrentState.ForwardOffset(shape, run);
            if (run.JoinsInput)
            {
                PanelProduct.Pack(input, features, recurrent, count, features + units, packed);
            }
            else
            {
                PanelProduct.Pack(input, count, features, packed);
                PanelProduct.Pack(recurrent, count, units, packed + PanelProduct.PackedLength(count, features));
            }
            for (int u = 0; u < count; u++)
                state.Bias[to + u] = run.JoinsInput ? weights.BiasInput[from + u] + weights.BiasRecurrent[from + u] : weights.BiasRecurrent[from + u];
        }
    }

    /// <summary>The step's input comes to lie before the state; that of the step to come is fetched, for its rows lie far apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TakeInput(in RecurrentShape shape, in CellRows step, float* x)
    {
        int features = shape.Features, next = shape.Reverse ? -features : features;
        float* to = step.H - features;
        for (int r = 0; r < step.Rows; r++, x += shape.Steps * (nint)features, to += step.HRow)
        {
            int j = 0;
            for (; j + Vector256<float>.Count <= features; j += Vector256<float>.Count)
            {
                Prefetching.ToSecond(x + next + j);
                Vector256.Load(x + j).Store(to + j);
            }
            for (; j < features; j++) to[j] = x[j];
        }
    }

    private static void SumGates(in RecurrentShape shape, in RecurrentState state, in CellRows step, bool first)
    {
        int units = shape.Units, features = shape.Features;
        float* x = step.H - features;
        foreach (GateRun run in GateLayout.Recurrent(shape.Cell))
        {
            float* packed = state.Packed + RecurrentState.ForwardOffset(shape, run);
            if (run.JoinsInput)
            {
                // The first state is zero.
                Sum(state, step, run.Column, run.Count, x, first ? features : features + units, packed, features + units);
                continue;
            }
            Sum(state, step, run.Gate, run.Count, x, features, packed, features);
            Sum(state, step, run.Column, run.Count, step.H, units, packed + PanelProduct.PackedLength(run.Count * units, features), units);
        }
    }

    /// <summary>Blocks of gates [column, column + count) = their bias + a [rows, k] · packed, a's rows as far apart as the state's.</summary>
    private static void Sum(in RecurrentState state, in CellRows step, int column, int count, float* a, int k, float* packed, int packedK)
    {
        nint to = column * (nint)step.Units;
        PanelProduct.Run(new PanelTask
        {
            A = new Operand(a, step.HRow, 1),
            B = packed,
            PackedK = packedK,
            Start = state.Bias + to,
            C = step.Gates + to,
            CRow = step.GatesRow,
            M = step.Rows,
            N = count * step.Units,
            K = k,
        });
    }

    private static void CarryBack(in RecurrentShape shape, in RecurrentState state, in CellRows step)
    {
        foreach (GateRun run in GateLayout.Recurrent(shape.Cell))
        {
            PanelProduct.Run(new PanelTask
            {
                A = new Operand(step.Gates + run.Column * (nint)shape.Units, step.GatesRow, 1),
                B = state.Packed + RecurrentState.BackwardOffset(shape, run),
                Start = step.H,
                StartRow = shape.Units,
                C = step.H,
                CRow = shape.Units,
                M = step.Rows,
                N = shape.Units,
                K = run.Count * shape.Units,
            });
        }
    }

    private static int BlockRows(in RecurrentShape shape) => shape.GateUnits * (long)shape.Units <= SmallWeight ? SmallBlock : LargeBlock;

    /// <summary>The block's rows before the first step of time.</summary>
    private static CellRows At(
        in RecurrentShape shape, in RecurrentState state, in RecurrentOutputs outputs, int* lengths, int first, int count)
    {
        nint start = first * (nint)shape.Steps;
        return new CellRows
        {
            Rows = count,
            Units = shape.Units,
            Lengths = lengths == null ? null : lengths + first,
            Gates = state.Gates + start * shape.GateRow,
            GatesRow = shape.Steps * (nint)shape.GateRow,
            PreviousH = state.PreviousH + start * shape.Units,
            PreviousC = state.PreviousC + start * shape.Units,
            TanhC = state.TanhC + start * shape.Units,
            HistoryRow = shape.Steps * (nint)shape.Units,
            H = state.H,
            HRow = shape.Units,
            C = state.C,
            Y = outputs.Sequence ? outputs.Data + start * outputs.Row : null,
            YRow = shape.Steps * outputs.Row,
        };
    }

    private static void SetNext(ref CellRows rows, in RecurrentShape shape, int steps)
        => (rows.NextGates, rows.NextHistory) = (steps * shape.GateRow, steps * shape.Units);

    private static CellRows AtTime(CellRows rows, in RecurrentShape shape, in RecurrentOutputs outputs, int time)
    {
        rows.Time = time;
        rows.Gates += time * (nint)shape.GateRow;
        rows.PreviousH += time * (nint)shape.Units;
        rows.PreviousC += time * (nint)shape.Units;
        rows.TanhC += time * (nint)shape.Units;
        if (rows.Y != null) rows.Y += time * outputs.Row;
        return rows;
    }
}

/// <summary>One direction's parameters: W [GateUnits, features], U [GateUnits, units], b and b' [GateUnits].</summary>
internal readonly unsafe struct RecurrentWeights(float* input, float* recurrent, float* biasInput, float* biasRecurrent)
{
    public readonly float* Input = input, Recurrent = recurrent, BiasInput = biasInput, BiasRecurrent = biasRecurrent;
}

/// <summary>A direction's states, or their gradients: of every step [rows, steps, units], or the last [rows, units].</summary>
/// <param name="row">From step to step (from sequence to sequence where only the last counts): the units of both directions.</param>
internal readonly unsafe struct RecurrentOutputs(float* data, nint row, bool sequence)
{
    public readonly float* Data = data;
    public readonly nint Row = row;
    public readonly bool Sequence = sequence;

    public void OfRow(int row, int units, ReadOnlySpan<float> state) => state.CopyTo(new Span<float>(Data + row * Row, units));
}
