namespace DistBp.Learning.Layers;

/// <summary>A layer as a job file asks for it, before its input shape is known. One sealed record a kind of layer, next to its layer.</summary>
/// <param name="Name">Unique in the model; null: the kind and its number, as "dense2".</param>
public abstract record LayerDescription(string? Name)
{
    /// <summary>The word in a job file: "dense", "relu".</summary>
    public abstract string Kind { get; }

    /// <summary>True where the layer itself applies the activation that directly follows it.</summary>
    internal virtual bool FusesActivation => false;

    /// <summary>True where initialization.byActivation looks at what follows this layer, and no further than the next such layer.</summary>
    internal virtual bool HasWeights => false;

    /// <summary>The activation inside the layer, by which initialization.byActivation goes instead of what follows; null: there is none.</summary>
    internal virtual Kernels.Activation? OwnActivation => null;

    /// <summary>The layer; or null where it cannot be made, with the reason in the site's problems.</summary>
    internal abstract Layer? Make(LayerSite site);
}

/// <summary>How weights start.</summary>
public enum WeightInitialization
{
    /// <summary>By the activation that follows: heNormal before relu, leakyRelu and gelu, xavierUniform otherwise.</summary>
    ByActivation,
    HeNormal,
    HeUniform,
    XavierNormal,
    XavierUniform,

    /// <summary>Normal with standard deviation 0.01.</summary>
    Normal,
    Zeros,
}

/// <summary>The network that a job asks for.</summary>
/// <param name="Frozen">Names of layers that are not trained.</param>
public sealed record ModelDescription(WeightInitialization Initialization, IReadOnlyList<LayerDescription> Layers, IReadOnlyList<string> Frozen);
