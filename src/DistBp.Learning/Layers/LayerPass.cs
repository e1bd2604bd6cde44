using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>What a layer sees of one pass beside its input and output: rows and slices, its parameters, its gradients, its state.</summary>
public readonly ref struct LayerPass
{
    /// <summary>The rows, slice by slice. Sums over rows that end in a gradient or statistic are taken per slice, then along the tree.</summary>
    public required SliceRows Rows { get; init; }

    /// <summary>
    /// One value a row: how many steps of the sequence (the first dimension of the network's input) count; the rest is padding. Empty where
    /// every row is whole.
    /// </summary>
    public required ReadOnlySpan<int> Lengths { get; init; }

    /// <summary>False in evaluation and prediction: backward does not follow, and dropout and statistics rest.</summary>
    public required bool Training { get; init; }

    /// <summary>Keys random layers, with <see cref="Layer"/> and the slice's number.</summary>
    public required StepIdentity Step { get; init; }

    /// <summary>The layer's number in the network.</summary>
    public required int Layer { get; init; }

    /// <summary>The layer's own memory between forward and backward of one pass (<see cref="Layers.Layer.StateLength"/>).</summary>
    public required Span<float> State { get; init; }

    /// <summary>The state of the layer before; empty for the first layer.</summary>
    public required ReadOnlySpan<float> InputState { get; init; }

    /// <summary>The input of the layer's partner; empty without one.</summary>
    public required ReadOnlySpan<float> PartnerInput { get; init; }

    /// <summary>The state of the layer's partner; empty without one.</summary>
    public required ReadOnlySpan<float> PartnerState { get; init; }

    /// <summary>Scratch of the kernels, one per computing thread.</summary>
    public required MatrixWorkspace Workspace { get; init; }

    public required ParameterLayout Layout { get; init; }

    /// <summary>The flat parameter buffer.</summary>
    public required ReadOnlySpan<float> Parameters { get; init; }

    /// <summary>The flat gradient buffer; empty in forward.</summary>
    public required Span<float> Gradient { get; init; }

    /// <summary>The gradients of tables of rows, of all layers; empty in forward.</summary>
    public required ReadOnlySpan<SparseGradient> SparseGradients { get; init; }

    /// <summary>The layer's parameter of that index in its own list.</summary>
    public ReadOnlySpan<float> Parameter(int index)
    {
        ParameterView view = Layout.View(Layer, index);
        return Parameters.Slice(view.Offset, view.Count);
    }

    /// <summary>
    /// Where its gradient is to be written (not added), or, of a running statistic, the sum over the slices of rows × the slice's value;
    /// empty where the layer is frozen.
    /// </summary>
    public Span<float> GradientOf(int index)
    {
        ParameterView view = Layout.View(Layer, index);
        return view.Updated && !view.IsSparse ? Gradient.Slice(Layout.DenseOffset(view.Offset), view.Count) : [];
    }

    /// <summary>Where the gradient of a table of rows is to be written; null where it is not trained, and in forward.</summary>
    public SparseGradient? SparseGradientOf(int index)
    {
        foreach (SparseGradient table in SparseGradients)
        {
            if (table.View.Layer == Layer && table.View.Index == index) return table;
        }
        return null;
    }

    /// <summary>False where the layer is frozen: a statistic is then a constant, in training too.</summary>
    public bool Updates(int index) => Layout.View(Layer, index).Updated;
}
