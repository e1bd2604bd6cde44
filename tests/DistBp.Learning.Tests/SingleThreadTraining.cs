using DistBp.Learning.Kernels;
using DistBp.Learning.Optimizers;

namespace DistBp.Learning.Tests;

/// <summary>One worker and one server as plain calls: gradient, mean, clip, update. What the actors do, for tests of the mathematics.</summary>
internal sealed class SingleThreadTraining
{
    private readonly float[] _gradient;
    private readonly double[] _squaredNorms;
    private readonly float[] _scales;
    private readonly double[] _sums;
    private readonly TensorBuffer[] _state;
    private readonly ClipDescription _clip;
    private readonly Optimizer _optimizer;
    private readonly NormSegments _segments;

    public SingleThreadTraining(Network network, OptimizerDescription optimizer, ClipDescription clip, int maxRows, int maxSlices)
    {
        (Network, _clip, Rate) = (network, clip, optimizer.Rate);
        _optimizer = Optimizer.Create(optimizer);
        _segments = new NormSegments(network.Parameters);
        Workspace = network.CreateWorkspace(maxRows, maxSlices);
        Parameters = new float[network.Parameters.Count];
        _gradient = new float[network.Parameters.TrainedCount];
        _squaredNorms = new double[_segments.Count];
        _scales = new float[_segments.ViewCount];
        _sums = new double[network.Metrics.Count];
        _state = new TensorBuffer[_optimizer.StateCount];
        for (int i = 0; i < _state.Length; i++)
        {
            _state[i] = new TensorBuffer(_gradient.Length);
            _state[i].Span.Fill(_optimizer.InitialValue(i));
        }
    }

    public Network Network { get; }

    public NetworkWorkspace Workspace { get; }

    public float[] Parameters { get; }

    public double Rate { get; }

    public ClipResult LastClip { get; private set; }

    /// <summary>Of the last step's metrics.</summary>
    public ReadOnlySpan<double> Sums => _sums;

    public void Step(SliceRows rows, StepIdentity step)
    {
        Network.ComputeGradient(Workspace, Parameters, rows, step, _gradient, _sums);
        for (int i = 0; i < _segments.Count; i++)
        {
            Span<float> run = _gradient.AsSpan(_segments[i].Offset, _segments[i].Count);
            _squaredNorms[i] = GradientReduction.MeanAndNorm(run, [], rows.RowCount, run);
        }
        LastClip = ClipPlan.Compute(_clip, _segments, _squaredNorms, _scales);
        for (int i = 0; i < _segments.Count; i++)
        {
            NormSegment segment = _segments[i];
            _optimizer.Update(
                step.Step, Rate, _scales[segment.View], Parameters.AsSpan(segment.Offset, segment.Count),
                _gradient.AsSpan(segment.Offset, segment.Count), _state, segment.Offset);
        }
    }
}
