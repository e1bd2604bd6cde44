using DistBp.Learning;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// What a worker does by itself in localSgd: a copy of the parameters that the job's optimizer moves along the gradients of the worker's own slices, as a server that had no other
/// worker would. The optimizer's state stays from round to round, and begins anew with an assignment.
/// </summary>
internal sealed class LocalSteps
{
    private readonly TrainingMemory _memory;
    private readonly ShardState _shard;
    private readonly IReadOnlyList<Subtree> _subtrees;
    private readonly TensorBuffer[] _dense;
    private readonly PushGradient[] _gradients;
    private readonly SegmentNorms[] _norms = new SegmentNorms[1];
    private long _updates;

    /// <param name="dense">Of each subtree: its gradient before a step, and at the end what the steps have moved.</param>
    public LocalSteps(TrainingMemory memory, Generation generation, int worker, IReadOnlyList<Subtree> subtrees, TensorBuffer[] dense)
    {
        (_memory, _subtrees, _dense) = (memory, subtrees, dense);
        Parameters = new TensorBuffer(memory.Parameters.Length);
        int updated = memory.Network.Parameters.UpdatedCount;
        _shard = new ShardState(memory, memory.Descent, new ParameterShard(0, updated), Parameters);
        _gradients =
        [
            .. subtrees.Select((s, i) => new PushGradient(
                generation, worker, 0, s, new Gradient(memory.Network.Parameters, memory.Geometry.MaxSliceRows, dense: dense[i]).Cut(0, updated), default)),
        ];
    }

    /// <summary>The worker's own.</summary>
    public TensorBuffer Parameters { get; }

    public void Begin() => _memory.Parameters.Span.CopyTo(Parameters.Span);

    /// <summary>The gradients of a step are there: on to the next.</summary>
    public void Apply(long step, double rateFactor)
    {
        var combine = new CombineGradients(_gradients[0].Generation, step, _gradients, Leads: false);
        _shard.Combine(combine);
        _norms[0] = _shard.Norms;
        _shard.Update(new ApplyUpdate(combine.Generation, step, rateFactor, _norms, _updates++));
    }

    /// <summary>
    /// In place of gradients, what each parameter has gone downhill since <see cref="Begin"/>, and running statistics as they are; weighted by the samples of the round's first step, so that the
    /// servers' mean is one over samples.
    /// </summary>
    public void End(long first)
    {
        ReadOnlySpan<float> begin = _memory.Parameters.Span, end = Parameters.Span;
        int trained = _memory.Network.Parameters.TrainedCount;
        for (int i = 0; i < _dense.Length; i++)
        {
            Span<float> moved = _dense[i].Span;
            float samples = _memory.SamplesOfStep(first, _subtrees[i]);
            for (int p = 0; p < trained; p++) moved[p] = (begin[p] - end[p]) * samples;
            for (int p = trained; p < moved.Length; p++) moved[p] = end[p] * samples;
        }
    }
}
