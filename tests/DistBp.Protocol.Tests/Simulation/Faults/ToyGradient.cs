using System.Runtime.CompilerServices;
using DistBp.Learning;
using DistBp.Learning.Kernels;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>A gradient sum over a range of the parameters: what is dense, and of the table the rows that were touched. What was not touched is 0.</summary>
internal sealed class ToyGradient(ParameterShard range)
{
    private readonly bool[] _touched = new bool[ToyProblem.Rows];

    /// <summary>[range.Count]</summary>
    public float[] Values { get; } = new float[range.Count];

    private Span<float> Dense => Values.AsSpan(0, Math.Clamp(ToyProblem.Dense - range.Offset, 0, range.Count));

    /// <summary>What of a row of the table lies in the range, to be written.</summary>
    public Span<float> Touch(int row)
    {
        _touched[row] = true;
        return RowOf(row);
    }

    /// <summary>What a message to a server says of its shard, which is the range.</summary>
    public void Set(GradientPart part)
    {
        for (int row = NextTouched(0); row >= 0; row = NextTouched(row + 1)) RowOf(row).Clear();
        Array.Clear(_touched);
        part.Dense.Span.CopyTo(Dense);
        ReadOnlySpan<float> values = part.Sparse[0].Values.Span;
        foreach (int row in part.Sparse[0].Rows.Span)
        {
            Span<float> mine = Touch(row);
            values[..mine.Length].CopyTo(mine);
            values = values[mine.Length..];
        }
        Assert.Equal(0, values.Length);
    }

    /// <summary>The right sibling's: a row of one side only is taken as it is.</summary>
    public void Add(ToyGradient right)
    {
        GradientReduction.Add(Dense, right.Dense, Dense);
        for (int row = right.NextTouched(0); row >= 0; row = right.NextTouched(row + 1))
        {
            ReadOnlySpan<float> other = right.RowOf(row);
            if (_touched[row]) GradientReduction.Add(RowOf(row), other, RowOf(row));
            else other.CopyTo(Touch(row));
        }
    }

    /// <summary>As a worker has it, whose range is all.</summary>
    public Gradient ToGradient(int samples)
    {
        var gradient = new Gradient(ToyProblem.Layout, samples);
        Dense.CopyTo(gradient.Dense);
        for (int row = NextTouched(0); row >= 0; row = NextTouched(row + 1)) RowOf(row).CopyTo(gradient.Sparse[0].Append(row));
        return gradient;
    }

    /// <summary>A copy, as a server sends it of its shard.</summary>
    public GradientPart ToPart()
    {
        var (rows, values) = (new List<int>(), new List<float>());
        for (int row = NextTouched(0); row >= 0; row = NextTouched(row + 1))
        {
            if (RowOf(row).IsEmpty) continue;
            rows.Add(row);
            values.AddRange(RowOf(row));
        }
        return new GradientPart(Dense.ToArray(), [new SparseRows(rows.ToArray(), values.ToArray())]);
    }

    /// <summary>Squared norms of the range's blocks; those of which nothing was touched are left out.</summary>
    public (int[] Blocks, double[] Squared) Norms()
    {
        var (blocks, squared) = (new List<int>(), new List<double>());
        for (int start = range.Offset; start < range.End; start += ParameterLayout.BlockLength)
        {
            int end = Math.Min(range.End, start + ParameterLayout.BlockLength);
            bool any = start < ToyProblem.Dense;
            double sum = any ? Squared(0, start, Math.Min(end, ToyProblem.Dense)) : 0;
            for (int row = NextTouched(0); row >= 0; row = NextTouched(row + 1))
            {
                int first = ToyProblem.Dense + row * ToyProblem.Width, from = Math.Max(start, first), to = Math.Min(end, first + ToyProblem.Width);
                if (from < to) (any, sum) = (true, Squared(sum, from, to));
            }
            if (!any) continue;
            blocks.Add(start / ParameterLayout.BlockLength);
            squared.Add(sum);
        }
        return ([.. blocks], [.. squared]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double Squared(double sum, int from, int to)
    {
        foreach (float value in Values.AsSpan(from - range.Offset, to - from))
        {
            double mean = value / ToyProblem.Slices;
            sum += mean * mean;
        }
        return sum;
    }

    private int NextTouched(int row)
    {
        int next = _touched.AsSpan(row).IndexOf(true);
        return next < 0 ? -1 : row + next;
    }

    private Span<float> RowOf(int row)
    {
        int first = ToyProblem.Dense + row * ToyProblem.Width;
        int from = Math.Max(range.Offset, first), to = Math.Min(range.End, first + ToyProblem.Width);
        return from < to ? Values.AsSpan(from - range.Offset, to - from) : [];
    }
}
