using System.Diagnostics;
using DistBp.Learning;
using DistBp.Learning.Benchmarks;
using DistBp.Learning.Encodings;
using DistBp.Protocol;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// A worker's step: gather the rows of each of its subtrees of slices, forward, backward, encode. All memory is made once an assignment.
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
        int metrics = memory.Network.Metrics.Count;
        _sums = [.. subtrees.Select(_ => new double[metrics + memory.Network.Activations.Count])];
        _plain = [.. subtrees.Select((s, i) => new SubtreeGradient(s, gradients[i], _sums[i].AsMemory(0, metrics)))];
        _sampled = [.. subtrees.Select((s, i) => new SubtreeGradient(s, gradients[i], _sums[i]))];
    }

    public Generation Generation { get; }

    /// <summary>Set before the computation is enqueued.</summary>
    public long Step { get; set; }

    /// <summary>Of <see cref="Step"/>; on a sampled one the figures of the activations stand behind the metric sums.</summary>
    public IReadOnlyList<SubtreeGradient> Gradients => _memory.IsSampled(Step) ? _sampled : _plain;

    public void Run()
    {
        long begin = Stopwatch.GetTimestamp();
        var identity = new StepIdentity(_memory.Job.Seed, Step);
        int sums = _memory.Network.Metrics.Count + (_memory.IsSampled(Step) ? _memory.Network.Activations.Count : 0);
        _residuals?.Settle(Step, skipped: false);
        for (int i = 0; i < _sums.Length; i++)
        {
            if (i > 0 || !_ahead.Claim(Step)) Gather(Step, i);
            StepPhases.End(StepPhase.Gather);
            Gradient gradient = Gradients[i].Gradient;
            _memory.Network.ComputeGradient(
                _workspace, _memory.Parameters.Span, _rows, identity, gradient.Dense, _sums[i].AsSpan(0, sums), gradient.Sparse, _ready[i]);
            ErrorFeedback? feedback = _residuals?.Feedback[i];
            gradient.Encode(feedback, Step, _memory.SamplesOfStep(Step));
        }
        _memory.Pace.Add(begin);
        _ahead.Prepare(Step + 1);
        _pool.Offer(_worker, _ahead);
        _done(this);
    }

    private Action<int>? Ready(GradientAhead? ahead) => ahead is null ? null : from => ahead(Step, from);

    private void Gather(long step, int index) => _gather.Run(step, _plain[index].Subtree, _rows, _workspace);
}
