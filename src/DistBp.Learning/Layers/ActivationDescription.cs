using System.Diagnostics;
using DistBp.Learning.Kernels;

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

    internal Activation Activation => Function switch
    {
        ActivationKind.Sigmoid => Activation.Sigmoid,
        ActivationKind.Tanh => Activation.Tanh,
        ActivationKind.Relu => Activation.Relu,
        ActivationKind.LeakyRelu => Activation.LeakyRelu,
        _ => Activation.Gelu,
    };

    internal override Layer Make(LayerSite site) => new ActivationLayer(site.Name, site.InputShape, Activation);
}
