namespace DistBp.Learning.Layers;

/// <summary>The mean of each channel of a picture [channels, height, width]: one number a channel.</summary>
public sealed record GlobalAveragePoolDescription(string? Name) : LayerDescription(Name)
{
    public override string Kind => "globalAveragePool";

    internal override Layer? Make(LayerSite site)
        => ImageShape.IsImage(site) ? new GlobalAveragePoolLayer(site.Name, site.InputShape) : null;
}
