using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Data.Augmentation;
using DistBp.Protocol;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>Brings the samples of slices of a step into a workspace, augmented as their epoch asks. Not for two threads at once.</summary>
internal sealed class MiniBatchGather(TrainingMemory memory)
{
    private readonly Augmenter? _augmenter = memory.Job.Data.Augment.Count == 0
        ? null
        : new Augmenter(memory.Job.Data.Augment, memory.Network.InputShape, memory.Job.Seed);

    /// <summary>Made with the first step: a run that only evaluates has no training part.</summary>
    private ISampleOrder? _order;

    /// <param name="rows">Becomes the rows of the slices.</param>
    /// <returns>Each row's sample, by its number in the training part.</returns>
    public ReadOnlySpan<int> Run(long step, Subtree slices, SliceRows rows, NetworkWorkspace workspace)
    {
        MiniBatchGeometry geometry = memory.Geometry;
        int epoch = (int)(step / geometry.StepsPerEpoch), stepInEpoch = (int)(step % geometry.StepsPerEpoch);
        rows.Reset(slices.First);
        for (int slice = slices.First; slice < slices.End; slice++) rows.Add(geometry.SliceRange(stepInEpoch, slice).Count);
        int start = geometry.SliceRange(stepInEpoch, slices.First).Start;
        Dataset data = memory.Part(DataPart.Train);
        _order ??= data.Order(memory.Job.Seed);
        ReadOnlySpan<int> samples = _order.Rows(epoch, new RowRange(start, start + rows.RowCount));
        data.Gather(samples, workspace.Inputs, workspace.Targets);
        _augmenter?.Apply(workspace.Inputs, samples, epoch);
        workspace.HasLengths = data.Lengths is not null;
        for (int row = 0; row < samples.Length && data.Lengths is not null; row++) workspace.Lengths[row] = data.Lengths[samples[row]];
        return samples;
    }
}
