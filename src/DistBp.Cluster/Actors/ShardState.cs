using DistBp.Learning;
using DistBp.Learning.Kernels;
using DistBp.Learning.Optimizers;
using DistBp.Protocol;
using DistBp.Protocol.Effects;

namespace DistBp.Cluster.Actors;

/// <summary>A server's memory for its shard: the mean gradient and the optimizer's state; the parameters are a range of the shared buffer.</summary>
internal sealed class ShardState
{
    private readonly TrainingMemory _memory;
    private readonly SubtreeCombination _combination = new();
    private readonly TensorBuffer _gradient;
    private readonly TensorBuffer[] _state;
    private readonly int _firstSegment;
    private readonly double[] _squaredNorms;

    public ShardState(TrainingMemory memory, ParameterShard shard)
    {
        (_memory, Shard) = (memory, shard);
        _gradient = new TensorBuffer(shard.Count);
        _state = [.. Enumerable.Range(0, memory.Optimizer.StateCount).Select(_ => new TensorBuffer(shard.Count))];
        (_firstSegment, int count) = memory.Segments.Range(shard.Offset, shard.End);
        _squaredNorms = new double[count];
    }

    public ParameterShard Shard { get; }

    public ReadOnlyMemory<double> SquaredNorms => _squaredNorms;

    /// <summary>[state][shard]: as many as the optimizer keeps.</summary>
    public IReadOnlyList<TensorBuffer> OptimizerState => _state;

    public Span<float> Parameters => _memory.Parameters.Span.Slice(Shard.Offset, Shard.Count);

    /// <summary>Root of the tree, mean over the mini-batch, regularization, clip by value, squared norms: one pass over memory.</summary>
    public void Combine(CombineGradients request)
    {
        int samples = _memory.Geometry.SamplesOfStep(request.Step);
        _combination.Begin(request.Contributions, _memory.Job.Slices);
        for (int i = 0; i < _squaredNorms.Length; i++)
        {
            NormSegment segment = _memory.Segments[_firstSegment + i];
            int offset = segment.Offset - Shard.Offset;
            _combination.Operands(offset, segment.Count, out ReadOnlySpan<float> left, out ReadOnlySpan<float> right);
            _squaredNorms[i] = GradientReduction.MeanAndNorm(
                left, right, samples, _gradient.Span.Slice(offset, segment.Count), Parameters.Slice(offset, segment.Count), _memory.TreatmentOf(segment));
        }
    }

    /// <summary>Clip by norms and update.</summary>
    /// <param name="clipping">From the norms of all servers.</param>
    public void Update(ApplyUpdate request, GradientClipping clipping)
    {
        clipping.Compute(request.SquaredNorms);
        double rate = _memory.Rate(request.Step, request.RateFactor);
        for (int i = 0; i < _squaredNorms.Length; i++)
        {
            NormSegment segment = _memory.Segments[_firstSegment + i];
            int offset = segment.Offset - Shard.Offset;
            _memory.Optimizer.Update(
                request.Step, rate, clipping.Scale(segment.View), Parameters.Slice(offset, segment.Count), _gradient.Span.Slice(offset, segment.Count), _state, offset);
        }
    }
}
