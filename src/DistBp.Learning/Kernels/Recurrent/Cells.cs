using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Recurrent;

/// <summary>σ, in place.</summary>
internal readonly unsafe struct GateFunction(float* gates) : IElementwise
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<TVector, TSimd>(nint i)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => TSimd.Store(Elementary<TVector, TSimd>.Gate(TSimd.Load(gates + i)), gates + i);
}

/// <summary><see cref="RecurrentCell.Tanh"/> and <see cref="RecurrentCell.Relu"/>: the gate is the new state itself.</summary>
internal readonly unsafe struct PlainCell<TActivation> : ICell
    where TActivation : IActivation
{
    public static int Columns => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FetchNext(in CellRows row, nint j)
    {
        Prefetching.ToSecond(row.Gates + row.NextGates + j);
        Prefetching.ToSecond(row.PreviousH + row.NextHistory + j);
    }

    /// <summary>Nothing: <see cref="Forward"/> does it on the way.</summary>
    public static void Activate<TVector, TSimd>(float* gates, int units)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TVector, TSimd>(in CellRows row, TVector previousH, nint j)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TVector h = TActivation.Value<TVector, TSimd>(TSimd.Load(row.Gates + j));
        TSimd.Store(h, row.Gates + j);
        return h;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TVector, TSimd>(in CellRows row, TVector dh, nint j)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TSimd.Store(TActivation.Gradient<TVector, TSimd>(default, TSimd.Load(row.Gates + j), dh), row.Gates + j);
        return default;
    }
}

/// <summary>
/// <see cref="RecurrentCell.Lstm"/>. Backward, with t = tanh(c'): do = dh t, dc' = dc + dh o (1 − t²), di = dc' g, df = dc' c, dg = dc' i,
/// dc = dc' f, each gate's times the derivative of its function.
/// </summary>
internal readonly unsafe struct LstmCell : ICell
{
    public static int Columns => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FetchNext(in CellRows row, nint j)
    {
        nint units = row.Units;
        float* gates = row.Gates + row.NextGates + j;
        Prefetching.ToSecond(gates);
        Prefetching.ToSecond(gates + units);
        Prefetching.ToSecond(gates + 2 * units);
        Prefetching.ToSecond(gates + 3 * units);
        Prefetching.ToSecond(row.PreviousH + row.NextHistory + j);
        Prefetching.ToSecond(row.PreviousC + row.NextHistory + j);
        Prefetching.ToSecond(row.TanhC + row.NextHistory + j);
    }

    public static void Activate<TVector, TSimd>(float* gates, int units)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        float* g = gates + 2 * (nint)units, o = g + units;
        new Elementwise<GateFunction>(new GateFunction(gates), 2 * units).Run<TVector, TSimd>();
        new ActivationKernel(Activation.Tanh, g, g, units).Run<TVector, TSimd>();
        new Elementwise<GateFunction>(new GateFunction(o), units).Run<TVector, TSimd>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TVector, TSimd>(in CellRows row, TVector previousH, nint j)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        nint units = row.Units;
        float* gates = row.Gates + j;
        TVector previousC = TSimd.Load(row.C + j);
        TSimd.Store(previousC, row.PreviousC + j);
        TVector input = TSimd.Multiply(TSimd.Load(gates), TSimd.Load(gates + 2 * units));
        TVector c = TSimd.MultiplyAdd(TSimd.Load(gates + units), previousC, input);
        TSimd.Store(c, row.C + j);
        TVector t = Elementary<TVector, TSimd>.Tanh(c);
        TSimd.Store(t, row.TanhC + j);
        return TSimd.Multiply(TSimd.Load(gates + 3 * units), t);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TVector, TSimd>(in CellRows row, TVector dh, nint j)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        nint units = row.Units;
        float* gates = row.Gates + j;
        TVector i = TSimd.Load(gates), f = TSimd.Load(gates + units), g = TSimd.Load(gates + 2 * units), o = TSimd.Load(gates + 3 * units);
        TVector t = TSimd.Load(row.TanhC + j);
        TVector dc = TSimd.Add(TSimd.Load(row.C + j), Tanh.Gradient<TVector, TSimd>(default, t, TSimd.Multiply(dh, o)));
        TSimd.Store(Sigmoid.Gradient<TVector, TSimd>(default, i, TSimd.Multiply(dc, g)), gates);
        TSimd.Store(Sigmoid.Gradient<TVector, TSimd>(default, f, TSimd.Multiply(dc, TSimd.Load(row.PreviousC + j))), gates + units);
        TSimd.Store(Tanh.Gradient<TVector, TSimd>(default, g, TSimd.Multiply(dc, i)), gates + 2 * units);
        TSimd.Store(Sigmoid.Gradient<TVector, TSimd>(default, o, TSimd.Multiply(dh, t)), gates + 3 * units);
        TSimd.Store(row.Cut ? default : TSimd.Multiply(dc, f), row.C + j);
        return default;
    }
}

/// <summary>
/// <see cref="RecurrentCell.Gru"/>, with v = U_n h + b'_n in the fourth block. Backward: ds, the gradient of n's sum, is
/// dh (1 − z) (1 − n²); dz = dh (h − n), dr = ds v, dv = ds r, dh' = dh z.
/// </summary>
internal readonly unsafe struct GruCell : ICell
{
    public static int Columns => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FetchNext(in CellRows row, nint j)
    {
        nint units = row.Units;
        float* gates = row.Gates + row.NextGates + j;
        Prefetching.ToSecond(gates);
        Prefetching.ToSecond(gates + units);
        Prefetching.ToSecond(gates + 2 * units);
        Prefetching.ToSecond(gates + 3 * units);
        Prefetching.ToSecond(row.PreviousH + row.NextHistory + j);
    }

    public static void Activate<TVector, TSimd>(float* gates, int units)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => new Elementwise<GateFunction>(new GateFunction(gates), 2 * units).Run<TVector, TSimd>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TVector, TSimd>(in CellRows row, TVector previousH, nint j)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        nint units = row.Units;
        float* gates = row.Gates + j;
        TVector n = Elementary<TVector, TSimd>.Tanh(
            TSimd.MultiplyAdd(TSimd.Load(gates), TSimd.Load(gates + 3 * units), TSimd.Load(gates + 2 * units)));
        TSimd.Store(n, gates + 2 * units);
        return TSimd.MultiplyAdd(TSimd.Load(gates + units), TSimd.Subtract(previousH, n), n);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TVector, TSimd>(in CellRows row, TVector dh, nint j)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        nint units = row.Units;
        float* gates = row.Gates + j;
        TVector r = TSimd.Load(gates), z = TSimd.Load(gates + units), n = TSimd.Load(gates + 2 * units), v = TSimd.Load(gates + 3 * units);
        TVector ds = Tanh.Gradient<TVector, TSimd>(default, n, TSimd.Multiply(dh, TSimd.Subtract(TSimd.Broadcast(1), z)));
        TVector dz = TSimd.Multiply(dh, TSimd.Subtract(TSimd.Load(row.PreviousH + j), n));
        TSimd.Store(Sigmoid.Gradient<TVector, TSimd>(default, r, TSimd.Multiply(ds, v)), gates);
        TSimd.Store(Sigmoid.Gradient<TVector, TSimd>(default, z, dz), gates + units);
        TSimd.Store(ds, gates + 2 * units);
        TSimd.Store(TSimd.Multiply(ds, r), gates + 3 * units);
        return TSimd.Multiply(dh, z);
    }
}
