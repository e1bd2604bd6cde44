using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>What a window of pixels is summed up to.</summary>
public enum PoolKind
{
    /// <summary>Its largest pixel; padding is left out.</summary>
    Max,

    /// <summary>The mean of its pixels; padding counts as zeros (PyTorch's default, count_include_pad).</summary>
    Average,
}

/// <summary>Windows over each channel of a picture [channels, height, width].</summary>
/// <param name="Stride">Null: <paramref name="Size"/>, windows side by side.</param>
public sealed record PoolDescription(string? Name, PoolKind Function, Plane Size, Plane? Stride = null, Padding Padding = default)
    : LayerDescription(Name)
{
    public override string Kind => Function == PoolKind.Max ? "maxPool2d" : "avgPool2d";

    internal override Layer? Make(LayerSite site)
    {
        if (!ImageShape.IsImage(site)) return null;
        TensorShape shape = site.InputShape;
        WindowGeometry window = Padding.Apply(ImageShape.Plane(shape), Size, Stride ?? Size, Plane.Square(1));
        if (Padding.Pixels.Height > Size.Height / 2 || Padding.Pixels.Width > Size.Width / 2)
            return site.Refuse($"pads by more than half of its windows of {Size} pixels", "use less padding or larger windows");
        if (!ImageShape.Fits(site, window)) return null;
        return Function == PoolKind.Max
            ? new MaxPool2dLayer(site.Name, shape, window) { InputActivation = ActivatedLayer.TakeDerivative(site.Previous, fromInputToo: false) }
            : new AvgPool2dLayer(site.Name, shape, window);
    }
}
