namespace DistBp.Learning.Layers;

/// <summary>
/// y = x + f(x), f being the inner layers one after the other (He, Zhang, Ren, Sun, "Deep Residual Learning", CVPR 2016); they may hold
/// residuals themselves. The inner layers are layers of the network like all others, between two that have no parameters: one that
/// remembers x and one that adds it.
/// </summary>
public sealed record ResidualDescription(string? Name, IReadOnlyList<LayerDescription> Layers) : LayerDescription(Name)
{
    public override string Kind => "residual";

    /// <summary>The layers with those of residuals in their place, between a beginning and an end.</summary>
    public static IReadOnlyList<LayerDescription> Flatten(IReadOnlyList<LayerDescription> layers)
    {
        if (!layers.Any(l => l is ResidualDescription)) return layers;
        var flat = new List<LayerDescription>();
        int number = 0;
        foreach (LayerDescription layer in layers) Add(layer, flat, ref number);
        return flat;
    }

    // It never comes to this: the network is built of flat layers.
    internal override Layer? Make(LayerSite site) => site.Refuse("is a residual inside a layer", "write it among the model's layers");

    // Numbered in the order in which they are read, as all layers are.
    private static void Add(LayerDescription layer, List<LayerDescription> flat, ref int number)
    {
        if (layer is not ResidualDescription residual)
        {
            flat.Add(layer);
            return;
        }
        string name = residual.Name ?? $"residual{number + 1}";
        number++;
        flat.Add(new ResidualBeginDescription(name));
        foreach (LayerDescription inner in residual.Layers) Add(inner, flat, ref number);
        flat.Add(new ResidualEndDescription(name));
    }
}

/// <param name="Residual">The residual's name.</param>
internal sealed record ResidualBeginDescription(string Residual) : LayerDescription($"{Residual}.input")
{
    public override string Kind => "residual";

    internal override Layer Make(LayerSite site) => new ResidualBeginLayer(site.Name, Residual, site.InputShape);
}

/// <param name="Residual">The residual's name, which its end has.</param>
internal sealed record ResidualEndDescription(string Residual) : LayerDescription(Residual)
{
    public override string Kind => "residual";

    internal override Layer? Make(LayerSite site)
    {
        ResidualBeginLayer begin = ResidualNesting.Enclosing(site.Before, site.Before.Count).First();
        if (!site.InputShape.Equals(begin.InputShape))
        {
            return site.Refuse(
                $"adds what goes into it, {begin.InputShape}, to what its layers make of it, {site.InputShape}", Remedy(begin.InputShape));
        }
        begin.Partner = site.Before.Count;
        return new ResidualEndLayer(site.Name, site.InputShape) { Partner = Index(site.Before, begin) };
    }

    private static string Remedy(TensorShape shape) => shape.Rank switch
    {
        1 => $"give its last layer as many outputs: '- dense: {shape[0]}'",
        3 => $"let its layers keep the shape: convolutions with stride 1 and padding: same, the last one with filters: {shape[0]}",
        _ => "let its layers keep the shape",
    };

    private static int Index(IReadOnlyList<Layer> layers, Layer layer)
    {
        int index = layers.Count - 1;
        while (!ReferenceEquals(layers[index], layer)) index--;
        return index;
    }
}
