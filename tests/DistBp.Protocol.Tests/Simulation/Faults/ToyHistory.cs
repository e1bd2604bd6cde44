using System.Runtime.InteropServices;
using DistBp.Learning;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>
/// The run as one process makes it that knows of no cluster, once for all seeds. A gradient follows from its step and the parameters alone: whoever is to compute one from the
/// very parameters that are known here, bit for bit, would get the same bits, and takes it from here. From any other parameters it is computed.
/// </summary>
internal static class ToyHistory
{
    private const int Steps = 20;
    private static readonly Lazy<Moment[]> s_moments = new(Live);

    /// <summary>Null: an undisturbed run has other parameters before the step.</summary>
    /// <param name="parameters">[layout.Count]</param>
    public static Moment? Find(long step, ReadOnlySpan<float> parameters) =>
        step < Steps && MemoryMarshal.AsBytes(parameters).SequenceEqual(MemoryMarshal.AsBytes(s_moments.Value[step].Parameters.AsSpan())) ? s_moments.Value[step] : null;

    private static Moment[] Live()
    {
        var moments = new Moment[Steps];
        var all = new ToyShard(new ParameterShard(0, ToyProblem.Layout.Count));
        ToyProblem.Start.CopyTo(all.Parameters);
        for (int step = 0; step < Steps; step++)
        {
            var moment = moments[step] = new Moment([.. all.Parameters], []);
            ToyGradient root = Add(new Subtree(0, ToyProblem.Slices), step, ToyProblem.Digest(all.Parameters), moment);
            ToyProblem.Update(all, root, Math.Sqrt(root.Norms().Squared.Sum()), 1);
        }
        return moments;
    }

    private static ToyGradient Add(Subtree node, long step, float digest, Moment moment)
    {
        ToyGradient sum = node.Count == 1 ? ToyProblem.Gradient(node, step, digest, moment.Parameters) : Add(node.Left, step, digest, moment);
        if (node.Count > 1) sum.Add(Add(node.Right, step, digest, moment));
        moment.Gradients[node] = sum.ToGradient(node.Count);
        return sum;
    }

    /// <param name="Parameters">Before the step.</param>
    /// <param name="Gradients">Of every node of the tree over the slices, in the step.</param>
    internal sealed record Moment(float[] Parameters, Dictionary<Subtree, Gradient> Gradients);
}
