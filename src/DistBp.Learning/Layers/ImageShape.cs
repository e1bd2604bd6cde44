using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>What layers over pictures check of the shape that they get.</summary>
internal static class ImageShape
{
    public static Plane Plane(TensorShape shape) => new(shape[1], shape[2]);

    /// <summary>Whether the input is a picture [channels, height, width]; otherwise the site's problems say so.</summary>
    public static bool IsImage(LayerSite site)
    {
        TensorShape shape = site.InputShape;
        if (shape.Rank == 3) return true;
        string remedy = (shape.Rank, site.Previous) switch
        {
            (2, null) => $"set data.shape: [1, {shape[0]}, {shape[1]}] for pictures of one channel",
            (_, null) => "set data.shape: [CHANNELS, HEIGHT, WIDTH]",
            _ => "put it before the layers that give up the picture (flatten, dense, globalAveragePool)",
        };
        site.Refuse($"takes pictures [channels, height, width], but gets the shape {shape}", remedy);
        return false;
    }

    /// <summary>Whether at least one window fits; otherwise the site's problems say so.</summary>
    public static bool Fits(LayerSite site, WindowGeometry window)
    {
        Plane output = window.Output;
        if (output.Height > 0 && output.Width > 0) return true;
        site.Refuse(
            $"has windows of {window.Reach} pixels, which do not fit its padded input of {window.Padded}",
            "use a smaller kernel or more padding, or fewer layers before it that shrink the picture");
        return false;
    }
}
