namespace DistBp.Learning;

/// <summary>What a parameter is, which decides how it is initialized and regularized.</summary>
public enum ParameterKind
{
    /// <summary>Multiplies inputs: initialized at random, subject to l1/l2 regularization.</summary>
    Weight,

    /// <summary>Added to outputs: starts at 0.</summary>
    Bias,

    /// <summary>A gain: starts at 1.</summary>
    Scale,

    /// <summary>A running average over the mini-batches: never trained.</summary>
    RunningStatistic,
}

/// <summary>A parameter as its layer declares it.</summary>
/// <param name="Name">Within the layer: "weight", "bias".</param>
/// <param name="Shape">Row-major; a dense weight is [units, inputs].</param>
/// <param name="Kind">What it is.</param>
/// <param name="FanIn">Inputs that one output sums over.</param>
/// <param name="FanOut">Outputs that one input feeds.</param>
public sealed record ParameterDescription(string Name, TensorShape Shape, ParameterKind Kind, int FanIn, int FanOut)
{
    /// <summary>What a weight's first values are multiplied by.</summary>
    public double Gain { get; init; } = 1;

    /// <summary>The elements of a bias that start at 1.</summary>
    public Range Ones { get; init; }

    /// <summary>Of a running statistic: the share of the newest value, running += momentum · (newest − running).</summary>
    public float Momentum { get; init; }

    /// <summary>
    /// Above 0: a table [rows, width] of which one sample touches at most so many rows. Its gradient is sparse: the touched rows alone.
    /// </summary>
    public int RowsPerSample { get; init; }
}

/// <summary>What a step does to a parameter; the order of the groups is that of the flat buffer.</summary>
public enum ParameterGroup
{
    /// <summary>The optimizer moves it along its gradient.</summary>
    Trained,

    /// <summary>A table of which the optimizer moves the rows that a mini-batch touches.</summary>
    TrainedRows,

    /// <summary>A running statistic of a layer that is not frozen: it follows the mini-batches, by the way that gradients take.</summary>
    Averaged,

    /// <summary>Of a frozen layer: it stays as it is.</summary>
    Constant,
}

/// <summary>A named view of the flat buffer: the elements [Offset, Offset + Shape.ElementCount).</summary>
/// <param name="Name">"&lt;layer&gt;.&lt;parameter&gt;".</param>
/// <param name="Index">The parameter's, in its layer's own list.</param>
public sealed record ParameterView(string Name, int Layer, int Index, ParameterDescription Description, int Offset, ParameterGroup Group)
{
    public bool Trained => Group is ParameterGroup.Trained or ParameterGroup.TrainedRows;

    /// <summary>Its gradient is a <see cref="SparseGradient"/>.</summary>
    public bool IsSparse => Group == ParameterGroup.TrainedRows;

    /// <summary>Each step changes it.</summary>
    public bool Updated => Group != ParameterGroup.Constant;

    public TensorShape Shape => Description.Shape;

    public int Count => Shape.ElementCount;

    public int End => Offset + Count;

    /// <summary>Of a table: elements of a row.</summary>
    public int Width => Shape[1];
}

/// <summary>
/// The map of the ONE flat parameter buffer, group by group and in each in the order of the layers: what is trained (what is dense before
/// tables of rows), then the running statistics that are updated, then what stays as it is. The flat gradient buffer beside it has the same
/// order without the tables, whose gradients are sparse.
/// </summary>
public sealed class ParameterLayout
{
    /// <summary>Boundaries of parameter shards are multiples of this.</summary>
    public const int BlockLength = 4096;

    private readonly ParameterView?[][] _byLayer;

    public ParameterLayout(IReadOnlyList<(string Layer, IReadOnlyList<ParameterDescription> Parameters, bool Frozen)> layers)
    {
        _byLayer = [.. layers.Select(l => new ParameterView?[l.Parameters.Count])];
        var views = new List<ParameterView>();
        int offset = 0;
        foreach (ParameterGroup group in Enum.GetValues<ParameterGroup>())
        {
            for (int layer = 0; layer < layers.Count; layer++)
            {
                for (int p = 0; p < layers[layer].Parameters.Count; p++)
                {
                    ParameterDescription description = layers[layer].Parameters[p];
                    if (GroupOf(description, layers[layer].Frozen) != group) continue;
                    var view = new ParameterView($"{layers[layer].Layer}.{description.Name}", layer, p, description, offset, group);
                    views.Add(view);
                    _byLayer[layer][p] = view;
                    offset = checked(offset + view.Count);
                }
            }
            if (group == ParameterGroup.Trained) DenseTrainedCount = offset;
            if (group == ParameterGroup.TrainedRows) TrainedCount = offset;
            if (group == ParameterGroup.Averaged) UpdatedCount = offset;
        }
        Count = offset;
        Views = views;
        SparseViews = [.. views.Where(v => v.IsSparse)];
    }

    /// <summary>In the order of the flat buffer.</summary>
    public IReadOnlyList<ParameterView> Views { get; }

    /// <summary>The tables of rows, in the order of the flat buffer.</summary>
    public IReadOnlyList<ParameterView> SparseViews { get; }

    /// <summary>Floats in the flat parameter buffer.</summary>
    public int Count { get; }

    /// <summary>Floats that are trained; they come first.</summary>
    public int TrainedCount { get; }

    /// <summary>Those of them whose gradient is dense; they come before the tables.</summary>
    public int DenseTrainedCount { get; }

    /// <summary>Floats that a step may change: those that are trained, then running statistics.</summary>
    public int UpdatedCount { get; }

    /// <summary>Floats in the flat gradient buffer: of what is updated all but the tables.</summary>
    public int DenseCount => DenseOffset(UpdatedCount);

    /// <summary>Where a position of the updated range is in the flat gradient buffer; of one in a table: where what follows it begins.</summary>
    public int DenseOffset(int position) => Math.Min(position, DenseTrainedCount) + Math.Max(0, position - TrainedCount);

    public ParameterView View(int layer, int parameter) => _byLayer[layer][parameter]!;

    private static ParameterGroup GroupOf(ParameterDescription description, bool frozen)
        => frozen ? ParameterGroup.Constant
            : description.Kind == ParameterKind.RunningStatistic ? ParameterGroup.Averaged
            : description.RowsPerSample > 0 ? ParameterGroup.TrainedRows
            : ParameterGroup.Trained;
}
