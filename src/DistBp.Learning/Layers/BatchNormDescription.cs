namespace DistBp.Learning.Layers;

/// <summary>Batch normalization over the channels of [c, h, w], or over the features of [n].</summary>
/// <param name="Momentum">The share of the newest mini-batch in the running statistics.</param>
/// <param name="Epsilon">Added to the variance.</param>
public sealed record BatchNormDescription(string? Name, double Momentum = 0.1, double Epsilon = 1e-5) : LayerDescription(Name)
{
    public override string Kind => "batchNorm";

    internal override Layer? Make(LayerSite site)
    {
        if (site.InputShape.Rank is not (1 or 3))
        {
            return site.Refuse(
                $"gets the shape {site.InputShape}, and normalizes the features of [n] or the channels of [c, h, w]",
                "put a flatten before it, or use layerNorm");
        }
        return new BatchNormLayer(site.Name, site.InputShape, (float)Momentum, Epsilon);
    }
}
