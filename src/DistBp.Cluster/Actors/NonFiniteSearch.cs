using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Diagnosis;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// Finds the samples of a rejected step whose loss or gradient is not finite: the worker's slices are computed again one by one, in memory
/// of its own, for a gather ahead may be writing to that of the gradients.
/// </summary>
internal sealed class NonFiniteSearch(TrainingMemory memory, SearchNonFinite request, Action<IReadOnlyList<NonFiniteSlice>> done) : IComputation
{
    public void Run()
    {
        MiniBatchGeometry geometry = memory.Geometry;
        NetworkWorkspace workspace = memory.Network.CreateWorkspace(geometry.MaxSliceRows, 1);
        var gather = new MiniBatchGather(memory);
        var rows = new SliceRows(1);
        var gradient = new Gradient(memory.Network.Parameters, geometry.MaxSliceRows);
        var found = new List<NonFiniteSlice>();
        foreach ((long step, int slice) in Slices())
        {
            RowRange range = geometry.SliceRange((int)(step % geometry.StepsPerEpoch), slice);
            if (range.Count == 0) continue;
            ReadOnlySpan<int> samples = gather.Run(step, new Subtree(slice, 1), rows, workspace);
            var identity = new StepIdentity(memory.Job.Seed, step);
            NonFiniteRows? bad = NonFiniteRows.Find(memory.Network, workspace, memory.Parameters.Span, rows, identity, gradient);
            if (bad is not null) found.Add(new NonFiniteSlice(slice, bad.Layer, NumbersOf(bad.Rows, samples)));
        }
        done(found);
    }

    private IEnumerable<(long Step, int Slice)> Slices()
    {
        for (long step = request.Step; step < request.Until; step++)
        {
            foreach (Subtree subtree in request.Subtrees)
            {
                for (int slice = subtree.First; slice < subtree.End; slice++) yield return (step, slice);
            }
        }
    }

    private static int[] NumbersOf(IReadOnlyList<int> rows, ReadOnlySpan<int> samples)
    {
        var numbers = new int[rows.Count];
        for (int i = 0; i < numbers.Length; i++) numbers[i] = samples[rows[i]];
        return numbers;
    }
}
