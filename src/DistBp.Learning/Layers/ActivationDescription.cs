using System.Diagnostics;

namespace DistBp.Learning.Layers;

/// <summary>An elementwise nonlinearity.</summary>
public enum ActivationKind
{
    Sigmoid,
    Tanh,
    Relu,

    /// <summary>x for x ≥ 0, 0.01 · x below.</summary>
    LeakyRelu,
    Gelu,
}

/// <summary>A layer that applies <paramref name="Function"/> to each element.</summary>
public sealed record ActivationDescription(string? Name, ActivationKind Function) : LayerDescription(Name)
{
    public override string Kind => Function switch
    {
        ActivationKind.Sigmoid => "sigmoid",
        ActivationKind.Tanh => "tanh",
        ActivationKind.Relu => "relu",
        ActivationKind.LeakyRelu => "leakyRelu",
        ActivationKind.Gelu => "gelu",
        _ => throw new UnreachableException($"Activation {Function}."),
    };
}
