using DistBp.Learning.Kernels.Recurrent;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Reference;

/// <summary>What one direction of a recurrent layer computes, number by number: the oracle of <see cref="Recurrence"/>, in its order.</summary>
internal sealed class RecurrentReference(RecurrentShape shape, float[] w, float[] u, float[] bInput, float[] bRecurrent)
{
    private readonly int _units = shape.Units;
    private float[] _x = [], _gates = [], _previousH = [], _previousC = [], _tanhC = [];
    private int[] _lengths = [];

    /// <summary>The states after every step [rows, steps, units], zero beyond a row's length, and the last ones [rows, units].</summary>
    public (float[] Sequences, float[] Last) Forward(float[] x, int[] lengths)
    {
        int rows = lengths.Length, all = rows * shape.Steps;
        (_x, _lengths, _gates) = (x, lengths, new float[all * shape.ColumnUnits]);
        (_previousH, _previousC, _tanhC) = (new float[all * _units], new float[all * _units], new float[all * _units]);
        float[] sequences = new float[all * _units], last = new float[rows * _units];
        for (int r = 0; r < rows; r++)
        {
            float[] h = new float[_units], c = new float[_units];
            for (int place = 0; place < shape.Steps; place++)
            {
                int at = r * shape.Steps + shape.Time(place);
                h.CopyTo(_previousH, at * _units);
                c.CopyTo(_previousC, at * _units);
                if (shape.Time(place) >= lengths[r]) continue;
                for (int j = 0; j < _units; j++) h[j] = State(at, j, ref c[j]);
                h.CopyTo(sequences, at * _units);
            }
            h.CopyTo(last, r * _units);
        }
        return (sequences, last);
    }

    /// <summary>From the gradients of the states to those of the gates' sums [rows, steps, ColumnUnits].</summary>
    public float[] Backward(float[] dSequences, float[] dLast)
    {
        var dg = new float[_gates.Length];
        for (int r = 0; r < _lengths.Length; r++)
        {
            float[] dh = dLast[(r * _units)..((r + 1) * _units)], dc = new float[_units];
            for (int place = shape.Steps - 1; place >= 0; place--)
            {
                int time = shape.Time(place), at = r * shape.Steps + time;
                if (time >= _lengths[r]) continue;
                for (int j = 0; j < _units; j++)
                {
                    float sum = dSequences.Length > 0 ? dh[j] + dSequences[at * _units + j] : dh[j];
                    dh[j] = Gradients(at, j, sum, ref dc[j], dg);
                }
                for (int j = 0; j < _units; j++) dh[j] = shape.Cuts(place) ? 0 : Carried(dg, at, j, dh[j]);
                if (shape.Cuts(place)) Array.Clear(dc);
            }
        }
        return dg;
    }

    /// <summary>dx [rows, steps, features], on from what is there.</summary>
    public void InputGradient(float[] dg, float[] dx)
    {
        for (int at = 0; at < _lengths.Length * shape.Steps; at++)
        {
            for (int f = 0; f < shape.Features; f++)
            {
                for (int g = 0; g < shape.GateUnits; g++)
                    dx[at * shape.Features + f] = Fma(dg[at * shape.ColumnUnits + g], w[g * shape.Features + f], dx[at * shape.Features + f]);
            }
        }
    }

    /// <summary>dW, dU, db and db' of the rows [first, end), over rows and steps in order.</summary>
    public float[][] ParameterGradients(float[] dg, int first, int end)
    {
        float[] dw = new float[w.Length], du = new float[u.Length], db = new float[bInput.Length], dbRecurrent = new float[bRecurrent.Length];
        for (int at = first * shape.Steps; at < end * shape.Steps; at++)
        {
            for (int g = 0; g < shape.GateUnits; g++)
            {
                float input = dg[at * shape.ColumnUnits + g], recurrent = dg[at * shape.ColumnUnits + RecurrentColumn(g)];
                for (int f = 0; f < shape.Features; f++) dw[g * shape.Features + f] = Fma(input, _x[at * shape.Features + f], dw[g * shape.Features + f]);
                for (int j = 0; j < _units; j++) du[g * _units + j] = Fma(recurrent, _previousH[at * _units + j], du[g * _units + j]);
                db[g] += input;
                dbRecurrent[g] += recurrent;
            }
        }
        return [dw, du, db, dbRecurrent];
    }

    private float State(int at, int j, ref float c)
    {
        Span<float> gate = _gates.AsSpan(at * shape.ColumnUnits, shape.ColumnUnits);
        int n = _units;
        switch (shape.Cell)
        {
            case RecurrentCell.Lstm:
                foreach (int g in (int[])[0, 1, 3]) gate[g * n + j] = Elementary<float, SimdScalar>.Gate(Sum(at, g * n + j));
                gate[2 * n + j] = Tanh(Sum(at, 2 * n + j));
                c = Fma(gate[n + j], c, gate[j] * gate[2 * n + j]);
                _tanhC[at * n + j] = Tanh(c);
                return gate[3 * n + j] * _tanhC[at * n + j];
            case RecurrentCell.Gru:
                gate[j] = Elementary<float, SimdScalar>.Gate(Sum(at, j));
                gate[n + j] = Elementary<float, SimdScalar>.Gate(Sum(at, n + j));
                gate[3 * n + j] = OverUnits(at, 2 * n + j, bRecurrent[2 * n + j]);
                gate[2 * n + j] = Tanh(Fma(gate[j], gate[3 * n + j], OverFeatures(at, 2 * n + j, bInput[2 * n + j])));
                return Fma(gate[n + j], _previousH[at * n + j] - gate[2 * n + j], gate[2 * n + j]);
            case RecurrentCell.Relu:
                return gate[j] = Sum(at, j) is var sum && sum <= 0 ? 0 : sum;
            default:
                return gate[j] = Tanh(Sum(at, j));
        }
    }

    /// <summary>The gates' sums' gradients; dc before the step; returns the direct share of dh before the step.</summary>
    private float Gradients(int at, int j, float dh, ref float dc, float[] dg)
    {
        ReadOnlySpan<float> gate = _gates.AsSpan(at * shape.ColumnUnits, shape.ColumnUnits);
        Span<float> to = dg.AsSpan(at * shape.ColumnUnits, shape.ColumnUnits);
        int n = _units;
        switch (shape.Cell)
        {
            case RecurrentCell.Lstm:
                float i = gate[j], f = gate[n + j], g = gate[2 * n + j], o = gate[3 * n + j], t = _tanhC[at * n + j];
                dc += TanhSlope(t, dh * o);
                to[j] = GateSlope(i, dc * g);
                to[n + j] = GateSlope(f, dc * _previousC[at * n + j]);
                to[2 * n + j] = TanhSlope(g, dc * i);
                to[3 * n + j] = GateSlope(o, dh * t);
                dc *= f;
                return 0;
            case RecurrentCell.Gru:
                float r = gate[j], z = gate[n + j], candidate = gate[2 * n + j], v = gate[3 * n + j];
                float ds = TanhSlope(candidate, dh * (1 - z));
                to[j] = GateSlope(r, ds * v);
                to[n + j] = GateSlope(z, dh * (_previousH[at * n + j] - candidate));
                to[2 * n + j] = ds;
                to[3 * n + j] = ds * r;
                return dh * z;
            default:
                to[j] = shape.Cell == RecurrentCell.Tanh ? TanhSlope(gate[j], dh) : gate[j] <= 0 ? 0 : dh;
                return 0;
        }
    }

    private float Carried(float[] dg, int at, int j, float sum)
    {
        for (int g = 0; g < shape.GateUnits; g++) sum = Fma(dg[at * shape.ColumnUnits + RecurrentColumn(g)], u[g * _units + j], sum);
        return sum;
    }

    private float Sum(int at, int g) => OverUnits(at, g, OverFeatures(at, g, bInput[g] + bRecurrent[g]));

    private float OverFeatures(int at, int g, float sum)
    {
        for (int f = 0; f < shape.Features; f++) sum = Fma(_x[at * shape.Features + f], w[g * shape.Features + f], sum);
        return sum;
    }

    private float OverUnits(int at, int g, float sum)
    {
        for (int j = 0; j < _units; j++) sum = Fma(_previousH[at * _units + j], u[g * _units + j], sum);
        return sum;
    }

    private int RecurrentColumn(int g) => shape.Cell == RecurrentCell.Gru && g >= 2 * _units ? g + _units : g;

    private static float Fma(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    private static float Tanh(float x) => Elementary<float, SimdScalar>.Tanh(x);

    private static float TanhSlope(float y, float dy) => dy * Fma(-y, y, 1);

    private static float GateSlope(float y, float dy) => dy * ((1 - y) * y);
}
