namespace DistBp.Learning.Layers;

/// <summary>exp(xᵢ) / Σ exp(xⱼ) over the last dimension.</summary>
public sealed record SoftmaxDescription(string? Name) : LayerDescription(Name)
{
    public override string Kind => "softmax";

    internal override Layer Make(LayerSite site) => new SoftmaxLayer(site.Name, site.InputShape);
}
