using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Convolutions;

namespace DistBp.Learning.Layers;

/// <summary>A convolution over pictures [channels, height, width].</summary>
/// <param name="Filters">Channels of the output.</param>
/// <param name="Groups">Each group of filters sees its own group of channels alone.</param>
public sealed record Conv2dDescription(
    string? Name, int Filters, Plane Kernel, Plane Stride, Padding Padding, Plane Dilation, int Groups = 1) : LayerDescription(Name)
{
    /// <summary>One with windows of 3 x 3 pixels, without padding.</summary>
    public Conv2dDescription(string? name, int filters)
        : this(name, filters, Plane.Square(3), Plane.Square(1), Padding.Valid, Plane.Square(1))
    {
    }

    public override string Kind => "conv2d";

    internal override bool FusesActivation => true;

    internal override bool HasWeights => true;

    internal override Layer? Make(LayerSite site)
    {
        TensorShape shape = site.InputShape;
        if (!ImageShape.IsImage(site)) return null;
        int channels = shape[0];
        if (channels % Groups != 0)
            return site.Refuse($"cuts {channels} channels into {Groups} groups", $"let groups divide {channels}");
        if (Filters % Groups != 0)
            return site.Refuse($"cuts {Filters} filters into {Groups} groups", $"make filters a multiple of {Groups}");
        WindowGeometry window = Padding.Apply(ImageShape.Plane(shape), Kernel, Stride, Dilation);
        if (!ImageShape.Fits(site, window)) return null;
        if ((long)Filters * (channels / Groups) * Kernel.Area > int.MaxValue || (long)Filters * window.Output.Area > int.MaxValue)
            return site.Refuse($"with {Filters} filters has more than {int.MaxValue} weights or outputs", "give it fewer filters");
        return new Conv2dLayer(site.Name, shape, new ConvolutionGeometry(window, channels, Filters, Groups), site.Activation)
        {
            InputActivation = ActivatedLayer.TakeDerivative(site.Previous),
        };
    }
}
