using System.Numerics;
using System.Runtime.CompilerServices;
using DistBp.Learning;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>
/// A small problem with real float arithmetic: the gradient of slice s at step t depends on every parameter, so that a stale read, a lost or a doubled slice changes the
/// final bits. 4,500 parameters are dense, the others a table of which a slice touches some rows; row 246 lies on the border of the second block and the third.
/// </summary>
internal static class ToyProblem
{
    public const int Dense = 4500, Rows = 366, Width = 15, Slices = 6;

    public static readonly ParameterLayout Layout = new(
    [
        ("dense", [new("weight", new TensorShape(Dense), ParameterKind.Weight, 1, 1)], false),
        ("table", [new("weight", new TensorShape(Rows, Width), ParameterKind.Weight, 1, 1) { RowsPerSample = 4 }], false),
    ]);

    private static readonly float[] s_start = [.. Enumerable.Range(0, Layout.Count).Select(i => i % 97 * 0.01f)];

    /// <summary>The parameters that a run begins with.</summary>
    public static ReadOnlySpan<float> Start => s_start;

    /// <summary>What the gradient of every slice depends on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Digest(ReadOnlySpan<float> parameters)
    {
        float sum = 0, other = 0;
        for (int i = 0; i + 1 < parameters.Length; i += 2)
        {
            sum = MathF.FusedMultiplyAdd(parameters[i], (i & 15) + 1, sum);
            other = MathF.FusedMultiplyAdd(parameters[i + 1], (i & 31) + 1, other);
        }
        return sum - other;
    }

    /// <summary>The gradient sum of a subtree, along the tree.</summary>
    public static ToyGradient Gradient(Subtree node, long step, float digest, ReadOnlySpan<float> parameters)
    {
        if (node.Count == 1) return Slice(node.First, step, digest, parameters);
        ToyGradient left = Gradient(node.Left, step, digest, parameters);
        left.Add(Gradient(node.Right, step, digest, parameters));
        return left;
    }

    /// <summary>SGD with momentum, clipped by the global norm: the state must follow the shard.</summary>
    /// <param name="root">The sum over all slices, of the shard's range.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Update(ToyShard shard, ToyGradient root, double globalNorm, double rateFactor)
    {
        float scale = (float)(0.05 * rateFactor * Math.Min(1, 1 / globalNorm));
        Span<float> parameters = shard.Parameters, state = shard.State;
        ReadOnlySpan<float> gradient = root.Values;
        int i = 0;
        // As below, many at once: each element's bits are the same.
        for (int width = Vector<float>.Count; i <= state.Length - width; i += width)
        {
            Vector<float> step = Vector.FusedMultiplyAdd(new Vector<float>(0.5f), new Vector<float>(state[i..]), new Vector<float>(gradient[i..]) / Slices * scale);
            step.CopyTo(state[i..]);
            (new Vector<float>(parameters[i..]) - step).CopyTo(parameters[i..]);
        }
        for (; i < state.Length; i++)
        {
            state[i] = MathF.FusedMultiplyAdd(0.5f, state[i], scale * (gradient[i] / Slices));
            parameters[i] -= state[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ToyGradient Slice(int slice, long step, float digest, ReadOnlySpan<float> parameters)
    {
        var gradient = new ToyGradient(new ParameterShard(0, Layout.Count));
        float shift = digest * 0.001f;
        for (int i = 0; i < Dense; i++) gradient.Values[i] = Term(slice, step, i) + shift + parameters[i] * 0.1f;
        foreach (int row in (ReadOnlySpan<int>)[246, (int)(slice * 37 + step * 11) % Rows, (int)(slice * 5 + step) % Rows])
        {
            gradient.Touch(row);
            for (int i = Dense + row * Width; i < Dense + (row + 1) * Width; i++) gradient.Values[i] = Term(slice, step, i) + shift + parameters[i] * 0.1f;
        }
        return gradient;
    }

    private static float Term(int slice, long step, int index)
    {
        uint mixed = (uint)index * 2654435761u + (uint)slice * 40503u + (uint)step * 9176u;
        mixed ^= mixed >> 15;
        return (mixed & 0xffff) * (0.6f / 65536) - 0.3f;
    }
}
