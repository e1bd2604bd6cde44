using DistBp.Learning;
using DistBp.Learning.Benchmarks;
using DistBp.Learning.Diagnosis;
using DistBp.Learning.Kernels;
using DistBp.Learning.Optimizers;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// A server's memory for its shard: the optimizer's state; the parameters are a range of the shared buffer. The mean gradient is never
/// written out: both passes over the shard, for the norms and for the update, make it anew from the workers' gradients, one segment at a
/// time in the nearest cache, which costs less than writing it to memory and reading it again.
/// </summary>
internal sealed class ShardState
{
    private readonly TrainingMemory _memory;
    private readonly SubtreeCombination _combination = new();
    private readonly TensorBuffer _mean = new(ParameterLayout.BlockLength);
    private readonly TensorBuffer[] _state;
    private readonly int _firstSegment;
    private readonly double[] _squaredNorms;
    private readonly double[] _allSquaredNorms;
    private readonly float[] _scales;
    private readonly SegmentFigures _figures;

    public ShardState(TrainingMemory memory, ParameterShard shard)
    {
        (_memory, Shard) = (memory, shard);
        _state = [.. Enumerable.Range(0, memory.Optimizer.StateCount).Select(_ => new TensorBuffer(shard.Count))];
        (_firstSegment, int count) = memory.Segments.Range(shard.Offset, shard.End);
        _squaredNorms = new double[count];
        _figures = new SegmentFigures(count);
        _allSquaredNorms = new double[memory.Segments.Count];
        _scales = new float[memory.Segments.ViewCount];
        for (int i = 0; i < _state.Length; i++) _state[i].Span.Fill(memory.Optimizer.InitialValue(i));
        memory.Start?.LoadOptimizer(shard.Offset, shard.Count, [.. _state.Select(s => s.Memory)]);
    }

    public ParameterShard Shard { get; }

    /// <summary>One value a segment of the shard, of the last combined step.</summary>
    public ReadOnlyMemory<double> SquaredNorms => _squaredNorms;

    /// <summary>Whether an element of the last combined step was above the limit of clip.value.</summary>
    public bool Clamped { get; private set; }

    /// <summary>Whether a norm of the last applied step was above its limit.</summary>
    public bool Clipped { get; private set; }

    /// <summary>Of the segments in a sampled step that was just applied, a copy; null for another step.</summary>
    public ReadOnlyMemory<double>? FiguresOf(long step)
    {
        // Not by ?: , in which null would become an empty memory.
        if (!_memory.IsSampled(step)) return null;
        return _figures.Values.ToArray();
    }

    /// <summary>As many as the optimizer keeps, each as long as the shard.</summary>
    public IReadOnlyList<TensorBuffer> OptimizerState => _state;

    public Span<float> Parameters => _memory.Parameters.Span.Slice(Shard.Offset, Shard.Count);

    /// <summary>The squared norms of the step's mean gradient.</summary>
    public void Combine(CombineGradients request)
    {
        _combination.Begin(request.Contributions, _memory.Job.Slices);
        int samples = _memory.SamplesOfStep(request.Step);
        Clamped = false;
        for (int i = 0; i < _squaredNorms.Length; i++)
        {
            NormSegment segment = _memory.Segments[_firstSegment + i];
            _squaredNorms[i] = Mean(segment, samples);
            if (_memory.Job.Clip.Value is { } limit) Clamped |= Magnitudes.Of(_mean.Span[..segment.Count]).Maximum >= (float)limit;
        }
        StepPhases.End(StepPhase.Reduce);
    }

    /// <summary>Metric sums over the mini-batch: the workers' sums along the same tree.</summary>
    public double[] Sums(CombineGradients request)
    {
        int next = 0;
        return Sum(new Subtree(0, _memory.Job.Slices), request.Contributions, ref next);
    }

    /// <summary>
    /// Clip by norms, of which each server computes the same factors from the same numbers, and update. The contributions are those that
    /// <see cref="Combine"/> was given: workers leave them unchanged until the step is committed.
    /// </summary>
    public void Update(ApplyUpdate request)
    {
        int at = 0;
        // By index: enumerating an interface would allocate in each step.
        for (int server = 0; server < request.SquaredNorms.Count; server++)
        {
            ReadOnlySpan<double> norms = request.SquaredNorms[server].Span;
            norms.CopyTo(_allSquaredNorms.AsSpan(at));
            at += norms.Length;
        }
        Clipped = ClipPlan.Compute(_memory.Job.Clip, _memory.Segments, _allSquaredNorms, _scales).Clipped;
        bool sampled = _memory.IsSampled(request.Step);
        _figures.Clear();
        double rate = _memory.Rate(request.Step, request.RateFactor);
        int samples = _memory.SamplesOfStep(request.Step);
        for (int i = 0; i < _squaredNorms.Length; i++)
        {
            NormSegment segment = _memory.Segments[_firstSegment + i];
            Mean(segment, samples);
            int offset = segment.Offset - Shard.Offset;
            Span<float> parameters = Parameters.Slice(offset, segment.Count);
            if (sampled) _figures.BeforeUpdate(_firstSegment + i, _mean.Span[..segment.Count], parameters);
            _memory.Optimizer.Update(
                request.Step, rate * _memory.RateFactorOf(segment), _scales[segment.View], parameters, _mean.Span[..segment.Count], _state, offset);
            if (sampled) _figures.AfterUpdate(parameters);
        }
        StepPhases.End(StepPhase.Update);
    }

    /// <summary>Root of the tree, mean over the mini-batch, regularization and clip by value into <see cref="_mean"/>.</summary>
    /// <returns>Its squared norm.</returns>
    private double Mean(NormSegment segment, int samples)
    {
        int offset = segment.Offset - Shard.Offset;
        _combination.Operands(offset, segment.Count, out ReadOnlySpan<float> left, out ReadOnlySpan<float> right);
        return GradientReduction.MeanAndNorm(
            left, right, samples, _mean.Span[..segment.Count], Parameters.Slice(offset, segment.Count), _memory.TreatmentOf(segment));
    }

    private double[] Sum(Subtree node, IReadOnlyList<PushGradient> contributions, ref int next)
    {
        if (contributions[next].Subtree == node) return contributions[next++].Sums.ToArray();
        double[] sums = Sum(node.Left, contributions, ref next), right = Sum(node.Right, contributions, ref next);
        _memory.Network.AddSums(sums, right);
        return sums;
    }
}
