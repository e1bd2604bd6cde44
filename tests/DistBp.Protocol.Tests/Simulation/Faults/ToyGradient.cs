using DistBp.Learning;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>A gradient sum: what is dense, and of the table the rows that were touched.</summary>
internal sealed class ToyGradient
{
    public float[] Values { get; } = new float[ToyProblem.Layout.Count];

    public bool[] Touched { get; } = new bool[ToyProblem.Rows];

    /// <summary>The right sibling's: a row of one side only is taken as it is.</summary>
    public void Add(ToyGradient right)
    {
        for (int i = 0; i < ToyProblem.Dense; i++) Values[i] += right.Values[i];
        for (int row = 0; row < ToyProblem.Rows; row++)
        {
            if (!right.Touched[row]) continue;
            Span<float> mine = RowOf(row), other = right.RowOf(row);
            for (int i = 0; i < mine.Length; i++) mine[i] = Touched[row] ? mine[i] + other[i] : other[i];
            Touched[row] = true;
        }
    }

    /// <summary>As a worker has it.</summary>
    public Gradient ToGradient(int samples)
    {
        var gradient = new Gradient(ToyProblem.Layout, samples);
        Values.AsSpan(0, ToyProblem.Dense).CopyTo(gradient.Dense);
        for (int row = 0; row < ToyProblem.Rows; row++)
        {
            if (Touched[row]) RowOf(row).CopyTo(gradient.Sparse[0].Append(row));
        }
        return gradient;
    }

    /// <summary>What a message to a server says of its shard.</summary>
    public static ToyGradient Of(GradientPart part, ParameterShard shard)
    {
        var gradient = new ToyGradient();
        part.Dense.Span.CopyTo(gradient.Values.AsSpan(Math.Min(shard.Offset, ToyProblem.Dense)));
        int next = 0;
        foreach (int row in part.Sparse[0].Rows.Span)
        {
            int start = ToyProblem.Dense + row * ToyProblem.Width;
            gradient.Touched[row] = true;
            for (int i = Math.Max(shard.Offset, start); i < Math.Min(shard.End, start + ToyProblem.Width); i++) gradient.Values[i] = part.Sparse[0].Values.Span[next++];
        }
        Assert.Equal(part.Sparse[0].Values.Length, next);
        return gradient;
    }

    /// <summary>Squared norms of the shard's blocks; those of which nothing was touched are left out.</summary>
    public (int[] Blocks, double[] Squared) Norms(ParameterShard shard)
    {
        var blocks = new SortedDictionary<int, double>();
        for (int i = shard.Offset; i < shard.End; i++)
        {
            if (i >= ToyProblem.Dense && !Touched[(i - ToyProblem.Dense) / ToyProblem.Width]) continue;
            double mean = Values[i] / ToyProblem.Slices;
            int block = i / ParameterLayout.BlockLength;
            blocks[block] = blocks.GetValueOrDefault(block) + mean * mean;
        }
        return ([.. blocks.Keys], [.. blocks.Values]);
    }

    private Span<float> RowOf(int row) => Values.AsSpan(ToyProblem.Dense + row * ToyProblem.Width, ToyProblem.Width);
}
