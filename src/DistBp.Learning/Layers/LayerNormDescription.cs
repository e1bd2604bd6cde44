namespace DistBp.Learning.Layers;

/// <summary>
/// Each sample by itself to mean 0 and variance 1, then a trained gain and offset an element: over the last dimension (each step of a
/// sequence [steps, features] by itself), or over a whole picture [channels, height, width].
/// </summary>
/// <param name="Epsilon">Added to the variance.</param>
public sealed record LayerNormDescription(string? Name, double Epsilon = 1e-5) : LayerDescription(Name)
{
    public override string Kind => "layerNorm";

    internal override Layer? Make(LayerSite site) => Epsilon > 0
        ? new LayerNormLayer(site.Name, site.InputShape, (float)Epsilon)
        : site.Refuse($"has the epsilon {Epsilon}", "give one above 0; the usual one is 0.00001");
}
