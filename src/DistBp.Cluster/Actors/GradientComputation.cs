using System.Diagnostics;
using DistBp.Learning;
using DistBp.Learning.Benchmarks;
using DistBp.Protocol;
using DistBp.Protocol.Consistency;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// A worker's step: gather the rows of each of its subtrees of slices, forward, backward, encode. In localSgd several, with what they have moved for the gradient. All memory is made once an
/// assignment.
/// </summary>
internal sealed class GradientComputation : IComputation
{
    private readonly TrainingMemory _memory;
    private readonly Action<GradientComputation> _done;
    private readonly MiniBatchGather _gather;
    private readonly NetworkWorkspace _workspace;
    private readonly SliceRows _rows;
    private readonly double[][] _sums;
    private readonly SubtreeGradient[] _plain;
    private readonly SubtreeGradient[] _sampled;
    private readonly ComputePool _pool;
    private readonly int _worker;
    private readonly GatherAhead _ahead;
    private readonly Action<int>?[] _ready;
    private readonly WorkerResiduals? _residuals;
    private readonly TensorBuffer _parameters;
    private readonly LocalSteps? _local;

    /// <param name="residuals">Of the same subtrees; null where the encoding of gradients keeps none.</param>
    public GradientComputation(
        TrainingMemory memory, ComputePool pool, int worker, Generation generation, IReadOnlyList<Subtree> subtrees,
        Action<GradientComputation> done, WorkerResiduals? residuals = null)
    {
        (_memory, _pool, _worker, Generation, _done, _residuals) = (memory, pool, worker, generation, done, residuals);
        _ahead = new GatherAhead(step => Gather(step, 0));
        _gather = new MiniBatchGather(memory);
        int maxSlices = subtrees.Max(s => s.Count);
        int maxRows = maxSlices * memory.Geometry.MaxSliceRows;
        _workspace = memory.Network.CreateWorkspace(maxRows, maxSlices, memory.Geometry.MaxSliceRows);
        _rows = new SliceRows(maxSlices);
        ParameterLayout layout = memory.Network.Parameters;
        TensorBuffer[] dense = memory.Allocate(Address.Worker(worker), [.. subtrees.Select(_ => layout.DenseCount)]);
        Gradient[] gradients =
            [.. subtrees.Select((s, i) => new Gradient(layout, s.Count * memory.Geometry.MaxSliceRows, memory.Job.Wire.Gradients, dense[i]))];
        _ready = [.. subtrees.Select((s, i) => Ready(memory.SendsAhead?.Invoke(generation, worker, s, dense[i].Memory)))];
        if (memory.Job.Consistency is LocalSgdMode) _local = new LocalSteps(memory, generation, worker, subtrees, dense);
        // Servers write the shared ones when they can, and not when this worker does not read.
        _parameters = _local?.Parameters ?? (memory.Job.Consistency.IsPaced ? new TensorBuffer(memory.Parameters.Length) : memory.Parameters);
        int metrics = memory.Network.Metrics.Count;
        _sums = [.. subtrees.Select(_ => new double[memory.Job.Consistency is LocalSgdMode { Steps: var steps } ? steps * metrics : metrics + memory.Network.Activations.Count])];
        _plain = [.. subtrees.Select((s, i) => new SubtreeGradient(s, gradients[i], _sums[i].AsMemory(0, metrics)))];
        _sampled = [.. subtrees.Select((s, i) => new SubtreeGradient(s, gradients[i], _sums[i]))];
    }

    public Generation Generation { get; }

    /// <summary>Set before the computation is enqueued.</summary>
    public long Step { get; set; }

    /// <summary>The first step that is not computed. Set before the computation is enqueued.</summary>
    public long Until { get; set; }

    /// <summary>What a plateau schedule has come to. Set before the computation is enqueued.</summary>
    public double RateFactor { get; set; }

    /// <summary>What the step is computed from; empty: the parameters that all workers read. Set before the computation is enqueued.</summary>
    public IReadOnlyList<ShardRead> Shards { get; set; } = [];

    /// <summary>Of <see cref="Step"/>; on a sampled one the figures of the activations stand behind the metric sums.</summary>
    public IReadOnlyList<SubtreeGradient> Gradients => _local is not null ? OfRound() : _memory.IsSampled(Step) ? _sampled : _plain;

    public void Run()
    {
        long begin = Stopwatch.GetTimestamp();
        _residuals?.Settle(Step, skipped: false);
        TakeShards();
        _local?.Begin();
        for (long step = Step; step < Until; step++)
        {
            Compute(step);
            _local?.Apply(step, RateFactor);
        }
        _local?.End(Step);
        for (int i = 0; i < _plain.Length; i++) _plain[i].Gradient.Encode(_residuals?.Feedback[i], Step, _memory.SamplesOfStep(Step));
        _memory.Pace.Add(begin, (int)(Until - Step));
        _ahead.Prepare(Until);
        _pool.Offer(_worker, _ahead);
        _done(this);
    }

    private void Compute(long step)
    {
        var identity = new StepIdentity(_memory.Job.Seed, step);
        int metrics = _memory.Network.Metrics.Count, at = (int)(step - Step) * metrics;
        int sums = metrics + (_memory.IsSampled(step) ? _memory.Network.Activations.Count : 0);
        for (int i = 0; i < _sums.Length; i++)
        {
            if (i > 0 || !_ahead.Claim(step)) Gather(step, i);
            StepPhases.End(StepPhase.Gather);
            Gradient gradient = _plain[i].Gradient;
            _memory.Network.ComputeGradient(
                _workspace, _parameters.Span, _rows, identity, gradient.Dense, _sums[i].AsSpan(at, sums), gradient.Sparse, _ready[i]);
        }
    }

    /// <summary>The sums of its steps follow each other.</summary>
    private SubtreeGradient[] OfRound()
    {
        int sums = (int)(Until - Step) * _memory.Network.Metrics.Count;
        return [.. _plain.Select((p, i) => p with { Sums = _sums[i].AsMemory(0, sums) })];
    }

    private Action<int>? Ready(GradientAhead? ahead) => ahead is null ? null : from => ahead(Step, from);

    /// <summary>Shards follow each other in the order of the servers; what comes after them nobody changes.</summary>
    private void TakeShards()
    {
        if (Shards.Count == 0) return;
        int offset = 0;
        foreach (ShardRead shard in Shards)
        {
            shard.Parameters.Span.CopyTo(_parameters.Span[offset..]);
            offset += shard.Parameters.Length;
        }
        _memory.Parameters.Span[offset..].CopyTo(_parameters.Span[offset..]);
    }

    private void Gather(long step, int index) => _gather.Run(step, _plain[index].Subtree, _rows, _workspace);
}
