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
    /// <summary>Of a running statistic: the share of the newest value, running += momentum · (newest − running).</summary>
    public float Momentum { get; init; }
}

/// <summary>What a step does to a parameter; the order of the groups is that of the flat buffer.</summary>
public enum ParameterGroup
{
    /// <summary>The optimizer moves it along its gradient.</summary>
    Trained,

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
    public bool Trained => Group == ParameterGroup.Trained;

    /// <summary>Each step changes it.</summary>
    public bool Updated => Group != ParameterGroup.Constant;

    public TensorShape Shape => Description.Shape;

    public int Count => Shape.ElementCount;

    public int End => Offset + Count;
}

/// <summary>
/// The map of the ONE flat parameter buffer (and of the flat gradient buffer beside it), group by group and in each in the order of the
/// layers: what is trained, then the running statistics that are updated, then what stays as it is.
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
            if (group == ParameterGroup.Trained) TrainedCount = offset;
            if (group == ParameterGroup.Averaged) UpdatedCount = offset;
        }
        Count = offset;
        Views = views;
    }

    /// <summary>In the order of the flat buffer.</summary>
    public IReadOnlyList<ParameterView> Views { get; }

    /// <summary>Floats in the flat parameter buffer.</summary>
    public int Count { get; }

    /// <summary>Floats that are trained; they come first.</summary>
    public int TrainedCount { get; }

    /// <summary>Floats that a step changes, and of the flat gradient buffer: those that are trained, then running statistics.</summary>
    public int UpdatedCount { get; }

    public ParameterView View(int layer, int parameter) => _byLayer[layer][parameter]!;

    private static ParameterGroup GroupOf(ParameterDescription description, bool frozen)
        => frozen ? ParameterGroup.Constant
            : description.Kind == ParameterKind.RunningStatistic ? ParameterGroup.Averaged
            : ParameterGroup.Trained;
}
