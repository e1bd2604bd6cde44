using DistBp.Learning.Benchmarks;
using DistBp.Learning.Initialization;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using DistBp.Learning.Metrics;

namespace DistBp.Learning;

/// <summary>
/// Layers, a loss and the map of their parameters in one flat buffer. Immutable: each computing thread brings its own
/// <see cref="NetworkWorkspace"/>, and nothing is allocated in a pass.
/// </summary>
public sealed class Network
{
    private readonly WeightInitialization[] _initializations;
    private readonly NetworkPass _pass;

    internal Network(
        IReadOnlyList<Layer> layers, WeightInitialization[] initializations, ParameterLayout parameters, TensorShape inputShape,
        TargetDescription target, Loss loss)
    {
        (Layers, _initializations, Parameters, InputShape, Target, Loss) = (layers, initializations, parameters, inputShape, target, loss);
        OutputShape = layers[^1].OutputShape;
        Metrics = new MetricSet(target.Kind, OutputShape.ElementCount, classSteps: target.ClassSteps);
        _pass = new NetworkPass(this);
    }

    /// <summary>In the order of the pass. An activation that directly follows a dense layer is part of that layer.</summary>
    public IReadOnlyList<Layer> Layers { get; }

    public ParameterLayout Parameters { get; }

    /// <summary>Of one sample.</summary>
    public TensorShape InputShape { get; }

    /// <summary>Of one sample.</summary>
    public TensorShape OutputShape { get; }

    public TargetDescription Target { get; }

    public Loss Loss { get; }

    /// <summary>What <see cref="ComputeGradient"/> and <see cref="Evaluate"/> add up.</summary>
    public MetricSet Metrics { get; }

    /// <summary>Makes the network that a job asks for.</summary>
    /// <exception cref="UserException">The layers do not fit each other, the data or the loss; all problems at once.</exception>
    public static Network Build(ModelDescription model, TensorShape sampleShape, TargetDescription target, LossDescription loss)
        => new NetworkBuilder(model, sampleShape, target, loss).Build();

    /// <summary>
    /// Fills parameters [Parameters.Count], element by element from (seed, parameter, element): the same on every machine.
    /// </summary>
    public void InitializeParameters(int seed, Span<float> parameters)
    {
        int number = 0;
        for (int layer = 0; layer < Layers.Count; layer++)
        {
            for (int p = 0; p < Layers[layer].Parameters.Count; p++)
            {
                ParameterView view = Parameters.View(layer, p);
                Initializer.Fill(view.Description, _initializations[layer], seed, number++, parameters.Slice(view.Offset, view.Count));
            }
        }
    }

    /// <summary>All memory of one computing thread: activations, gradients between layers, layer states, per-slice sums.</summary>
    public NetworkWorkspace CreateWorkspace(int maxRows, int maxSlices) => new(this, maxRows, maxSlices);

    /// <summary>
    /// Forward and backward of the rows that the caller has put into workspace.Inputs and workspace.Targets.
    /// </summary>
    /// <param name="parameters">[Parameters.Count].</param>
    /// <param name="gradient">[Parameters.DenseCount], overwritten with the sum over the slices along the <see cref="ReductionTree"/>.</param>
    /// <param name="sums">[Metrics.Count], overwritten likewise.</param>
    /// <param name="sparse">One for each of Parameters.SparseViews, overwritten likewise.</param>
    public void ComputeGradient(
        NetworkWorkspace workspace, ReadOnlySpan<float> parameters, SliceRows rows, StepIdentity step, Span<float> gradient,
        Span<double> sums, ReadOnlySpan<SparseGradient> sparse = default)
    {
        if (gradient.Length != Parameters.DenseCount || sparse.Length != Parameters.SparseViews.Count)
            throw new ArgumentException($"A gradient of {gradient.Length} and {sparse.Length} tables was given for {Parameters.DenseCount} and {Parameters.SparseViews.Count}.");
        if (rows.RowCount == 0)
        {
            foreach (SparseGradient table in sparse) table.Clear();
            gradient.Clear();
            sums.Clear();
            return;
        }
        _pass.Forward(workspace, parameters, rows, step, training: true);
        StepPhases.End(StepPhase.Forward);
        workspace.Sum(Metrics, rows, sums);
        StepPhases.End(StepPhase.Loss);
        _pass.Backward(workspace, parameters, rows, step, gradient, sparse);
        StepPhases.End(StepPhase.Backward);
    }

    /// <summary>Metric sums of the rows in the workspace, along the same tree; nothing random, running statistics used.</summary>
    /// <param name="sums">[metrics.Count], overwritten.</param>
    /// <param name="metrics">Null: <see cref="Metrics"/>; or <see cref="MetricSet.WithConfusion"/> of it.</param>
    public void Evaluate(
        NetworkWorkspace workspace, ReadOnlySpan<float> parameters, SliceRows rows, Span<double> sums, MetricSet? metrics = null)
    {
        _pass.Forward(workspace, parameters, rows, default, training: false);
        workspace.Sum(metrics ?? Metrics, rows, sums);
    }

    /// <summary>outputs [rows, OutputShape] of the rows in workspace.Inputs: probabilities for classes and binary, else values.</summary>
    public void Predict(NetworkWorkspace workspace, ReadOnlySpan<float> parameters, int rows, Span<float> outputs)
    {
        SliceRows one = workspace.OneSlice(rows);
        _pass.Forward(workspace, parameters, one, default, training: false);
        int count = rows * OutputShape.ElementCount;
        workspace.Outputs(rows).CopyTo(outputs);
        Loss.Predict(outputs[..count], OutputShape.ElementCount);
    }
}
