using DistBp.Learning.Benchmarks;
using DistBp.Learning.Data;
using DistBp.Learning.Diagnosis;
using DistBp.Learning.Initialization;
using DistBp.Learning.Kernels;
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
        Activations = new ActivationSet(this);
        _pass = new NetworkPass(this);
    }

    /// <summary>In the order of the pass. An activation that directly follows a dense layer or a convolution is part of that layer.</summary>
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

    /// <summary>What <see cref="ComputeGradient"/> measures of the layers' outputs on a sampled step.</summary>
    public ActivationSet Activations { get; }

    /// <summary>Makes the network that a job asks for.</summary>
    /// <exception cref="UserException">The layers do not fit each other, the data or the loss; all problems at once.</exception>
    public static Network Build(ModelDescription model, TensorShape sampleShape, TargetDescription target, LossDescription loss)
        => new NetworkBuilder(model.Flat(), sampleShape, target, loss).Build();

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
    /// <param name="maxSliceRows">
    /// Rows of the largest slice, where the workspace is to be small: then whole slices go through the layers, as many at a time as have
    /// little to remember. 0: all rows at once.
    /// </param>
    public NetworkWorkspace CreateWorkspace(int maxRows, int maxSlices, int maxSliceRows = 0)
        => new(this, maxRows, maxSlices, maxSliceRows == 0 ? maxRows : maxSliceRows);

    /// <summary>
    /// Forward and backward of the rows that the caller has put into workspace.Inputs and workspace.Targets.
    /// </summary>
    /// <param name="parameters">[Parameters.Count].</param>
    /// <param name="gradient">[Parameters.DenseCount], overwritten with the sum over the slices along the <see cref="ReductionTree"/>.</param>
    /// <param name="sums">[Metrics.Count], overwritten likewise; on a sampled step [Metrics.Count + Activations.Count].</param>
    /// <param name="sparse">One for each of Parameters.SparseViews, overwritten likewise.</param>
    /// <param name="ready">
    /// Told during backward from which element on what is trained and dense in the gradient will change no more, each time less. Not told where the
    /// slices go through the layers a few at a time: then nothing is done before everything is.
    /// </param>
    public void ComputeGradient(
        NetworkWorkspace workspace, ReadOnlySpan<float> parameters, SliceRows rows, StepIdentity step, Span<float> gradient,
        Span<double> sums, ReadOnlySpan<SparseGradient> sparse = default, Action<int>? ready = null)
    {
        if (gradient.Length != Parameters.DenseCount || sparse.Length != Parameters.SparseViews.Count)
            throw new ArgumentException($"A gradient of {gradient.Length} and {sparse.Length} tables was given for {Parameters.DenseCount} and {Parameters.SparseViews.Count}.");
        AddAlongTree(workspace, parameters, rows, new Subtree(0, rows.SliceCount), 0, step, gradient, sums, sparse, ready);
        workspace.BeginAt(0);
    }

    // A node's slices in one pass if they fit, else its left child's sums plus its right child's.
    private void AddAlongTree(
        NetworkWorkspace workspace, ReadOnlySpan<float> parameters, SliceRows rows, Subtree node, int depth, StepIdentity step,
        Span<float> gradient, Span<double> sums, ReadOnlySpan<SparseGradient> sparse, Action<int>? ready = null)
    {
        int first = rows.RowStarts[node.First];
        if (node.Count <= 1 || rows.RowStarts[node.End] - first <= workspace.PassRows)
        {
            workspace.BeginAt(first);
            PassSlices(workspace, parameters, node.Count == rows.SliceCount ? rows : workspace.SlicesOf(rows, node), step, gradient, sums, sparse, ready);
            return;
        }
        AddAlongTree(workspace, parameters, rows, node.Left, depth + 1, step, gradient, sums, sparse);
        (Gradient right, double[] siblingSums) = workspace.Sibling(depth);
        Span<double> rightSums = siblingSums.AsSpan(0, sums.Length);
        AddAlongTree(workspace, parameters, rows, node.Right, depth + 1, step, right.Dense, rightSums, right.Sparse);
        GradientReduction.Add(gradient, right.Dense, gradient);
        for (int table = 0; table < sparse.Length; table++) sparse[table].Add(right.Sparse[table]);
        AddSums(sums, rightSums);
        StepPhases.End(StepPhase.Reduce);
    }

    private void PassSlices(
        NetworkWorkspace workspace, ReadOnlySpan<float> parameters, SliceRows rows, StepIdentity step, Span<float> gradient,
        Span<double> sums, ReadOnlySpan<SparseGradient> sparse, Action<int>? ready)
    {
        if (rows.RowCount == 0)
        {
            foreach (SparseGradient table in sparse) table.Clear();
            gradient.Clear();
            sums.Clear();
            return;
        }
        _pass.Forward(workspace, parameters, rows, step, training: true);
        StepPhases.End(StepPhase.Forward);
        workspace.Sum(Metrics, rows, sums[..Metrics.Count]);
        if (sums.Length > Metrics.Count) workspace.Activations.Measure(workspace, rows, sums[Metrics.Count..]);
        StepPhases.End(StepPhase.Loss);
        _pass.Backward(workspace, parameters, rows, step, gradient, sparse, ready);
        StepPhases.End(StepPhase.Backward);
    }

    /// <summary>sums becomes those of both: of two children of the tree, in their order.</summary>
    public void AddSums(Span<double> sums, ReadOnlySpan<double> other)
    {
        for (int i = 0; i < Metrics.Count; i++) sums[i] += other[i];
        // A sampled step: the figures of the activations follow.
        if (sums.Length > Metrics.Count) Activations.Combine(sums[Metrics.Count..], other[Metrics.Count..]);
    }

    /// <summary>Metric sums of the rows in the workspace, along the same tree; nothing random, running statistics used.</summary>
    /// <param name="sums">[metrics.Count], overwritten.</param>
    /// <param name="metrics">Null: <see cref="Metrics"/>; or <see cref="MetricSet.WithConfusion"/> of it.</param>
    public void Evaluate(
        NetworkWorkspace workspace, ReadOnlySpan<float> parameters, SliceRows rows, Span<double> sums, MetricSet? metrics = null)
    {
        Forward(workspace, parameters, rows.RowCount);
        workspace.Sum(metrics ?? Metrics, rows, sums);
    }

    /// <summary>Whether a sample is of one of two classes, so that one score says how sure the network is.</summary>
    public bool HasScores => (Target.Kind, OutputShape.ElementCount) is (TargetKind.Binary, 1) or (TargetKind.Classes, 2);

    /// <summary>
    /// scores [rows] of the pass that <see cref="Evaluate"/> made last: logits of the second class, more where it is more probable.
    /// </summary>
    public void Scores(NetworkWorkspace workspace, Span<float> scores)
    {
        ReadOnlySpan<float> outputs = workspace.Outputs(scores.Length);
        bool one = OutputShape.ElementCount == 1;
        for (int row = 0; row < scores.Length; row++) scores[row] = one ? outputs[row] : outputs[2 * row + 1] - outputs[2 * row];
    }

    /// <summary>outputs [rows, OutputShape] of the rows in workspace.Inputs: probabilities for classes and binary, else values.</summary>
    public void Predict(NetworkWorkspace workspace, ReadOnlySpan<float> parameters, int rows, Span<float> outputs)
    {
        Forward(workspace, parameters, rows);
        int count = rows * OutputShape.ElementCount;
        workspace.Outputs(rows).CopyTo(outputs);
        Loss.Predict(outputs[..count], OutputShape.ElementCount);
    }

    // Outside of training no layer looks at slices: so rows go through as many at a time as there is room for.
    private void Forward(NetworkWorkspace workspace, ReadOnlySpan<float> parameters, int rows)
    {
        for (int first = 0; first < rows; first += workspace.PassRows)
        {
            workspace.BeginAt(first);
            _pass.Forward(
                workspace, parameters, workspace.OneSlice(Math.Min(workspace.PassRows, rows - first)), default, training: false);
        }
        workspace.BeginAt(0);
    }
}
