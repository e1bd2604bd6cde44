namespace DistBp.Learning.Layers;

/// <summary>Each sample becomes one vector, row-major.</summary>
public sealed record FlattenDescription(string? Name) : LayerDescription(Name)
{
    public override string Kind => "flatten";

    internal override Layer Make(LayerSite site) => new FlattenLayer(site.Name, site.InputShape);
}
