using DistBp.Learning;
using DistBp.Learning.Benchmarks;
using DistBp.Learning.Data;
using DistBp.Protocol;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>A worker's step: gather the rows of each of its subtrees of slices, forward, backward. All memory is made once an assignment.</summary>
internal sealed class GradientComputation : IComputation
{
    private readonly TrainingMemory _memory;
    private readonly Action<GradientComputation> _done;
    private readonly EpochOrder _order;
    private readonly NetworkWorkspace _workspace;
    private readonly SliceRows _rows;
    private readonly double[][] _sums;
    private readonly ComputePool _pool;
    private readonly int _worker;
    private readonly GatherAhead _ahead;

    public GradientComputation(
        TrainingMemory memory, ComputePool pool, int worker, Generation generation, IReadOnlyList<Subtree> subtrees,
        Action<GradientComputation> done)
    {
        (_memory, _pool, _worker, Generation, _done) = (memory, pool, worker, generation, done);
        _ahead = new GatherAhead(step => Gather(step, 0));
        _order = new EpochOrder(memory.Geometry.SampleCount, memory.Job.Seed);
        int maxSlices = subtrees.Max(s => s.Count);
        int maxRows = maxSlices * memory.Geometry.MaxSliceRows;
        _workspace = memory.Network.CreateWorkspace(maxRows, maxSlices);
        _rows = new SliceRows(maxSlices);
        _sums = [.. subtrees.Select(_ => new double[memory.Network.Metrics.Count])];
        Gradients = [.. subtrees.Select((s, i) => new SubtreeGradient(s, new Gradient(memory.Network.Parameters, s.Count * memory.Geometry.MaxSliceRows), _sums[i]))];
    }

    public Generation Generation { get; }

    /// <summary>Set before the computation is enqueued.</summary>
    public long Step { get; set; }

    public IReadOnlyList<SubtreeGradient> Gradients { get; }

    public void Run()
    {
        var identity = new StepIdentity(_memory.Job.Seed, Step);
        for (int i = 0; i < _sums.Length; i++)
        {
            if (i > 0 || !_ahead.Claim(Step)) Gather(Step, i);
            StepPhases.End(StepPhase.Gather);
            Gradient gradient = Gradients[i].Gradient;
            _memory.Network.ComputeGradient(
                _workspace, _memory.Parameters.Span, _rows, identity, gradient.Dense, _sums[i], gradient.Sparse);
        }
        _ahead.Prepare(Step + 1);
        _pool.Offer(_worker, _ahead);
        _done(this);
    }

    private void Gather(long step, int index)
    {
        MiniBatchGeometry geometry = _memory.Geometry;
        Subtree subtree = Gradients[index].Subtree;
        int epoch = (int)(step / geometry.StepsPerEpoch), stepInEpoch = (int)(step % geometry.StepsPerEpoch);
        _order.Prepare(epoch);
        _rows.Reset(subtree.First);
        for (int slice = subtree.First; slice < subtree.End; slice++) _rows.Add(geometry.SliceRange(stepInEpoch, slice).Count);
        int first = geometry.SliceRange(stepInEpoch, subtree.First).Start;
        ReadOnlySpan<int> samples = _order.Order.Slice(first, _rows.RowCount);
        Dataset data = _memory.Part(DataPart.Train);
        Learning.Kernels.Gather.Rows(data.Samples.Span, samples, _workspace.Inputs, data.SampleShape.ElementCount);
        Learning.Kernels.Gather.Rows(data.Targets.Span, samples, _workspace.Targets, data.TargetShape.ElementCount);
        _workspace.HasLengths = data.Lengths is not null;
        if (data.Lengths is not { } lengths) return;
        for (int row = 0; row < samples.Length; row++) _workspace.Lengths[row] = lengths[samples[row]];
    }
}
