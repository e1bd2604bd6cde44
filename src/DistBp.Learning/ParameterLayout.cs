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

    /// <summary>A running average: never trained.</summary>
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
}

/// <summary>A named view of the flat buffer: the elements [Offset, Offset + Shape.ElementCount).</summary>
/// <param name="Name">"&lt;layer&gt;.&lt;parameter&gt;".</param>
public sealed record ParameterView(string Name, int Layer, ParameterDescription Description, int Offset, bool Trained)
{
    public TensorShape Shape => Description.Shape;

    public int Count => Shape.ElementCount;

    public int End => Offset + Count;
}

/// <summary>
/// The map of the ONE flat parameter buffer (and of the flat gradient buffer beside it): all trained parameters in the order of the layers,
/// then all that are not trained (running statistics, frozen layers) in the same order.
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
        foreach (bool trained in (ReadOnlySpan<bool>)[true, false])
        {
            for (int layer = 0; layer < layers.Count; layer++)
            {
                for (int p = 0; p < layers[layer].Parameters.Count; p++)
                {
                    ParameterDescription description = layers[layer].Parameters[p];
                    if ((description.Kind != ParameterKind.RunningStatistic && !layers[layer].Frozen) != trained) continue;
                    var view = new ParameterView($"{layers[layer].Layer}.{description.Name}", layer, description, offset, trained);
                    views.Add(view);
                    _byLayer[layer][p] = view;
                    offset = checked(offset + view.Count);
                }
            }
            if (trained) TrainedCount = offset;
        }
        Count = offset;
        Views = views;
    }

    /// <summary>In the order of the flat buffer.</summary>
    public IReadOnlyList<ParameterView> Views { get; }

    /// <summary>Floats in the flat parameter buffer.</summary>
    public int Count { get; }

    /// <summary>Floats in the flat gradient buffer: the trained parameters, which come first.</summary>
    public int TrainedCount { get; }

    public ParameterView View(int layer, int parameter) => _byLayer[layer][parameter]!;
}
