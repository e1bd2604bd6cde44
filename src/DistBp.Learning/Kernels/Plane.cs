namespace DistBp.Learning.Kernels;

/// <summary>Two numbers about a plane of pixels: a size, a stride, a dilation.</summary>
/// <param name="Height">Along the rows of pixels, the first of the two.</param>
/// <param name="Width">Within a row.</param>
public readonly record struct Plane(int Height, int Width)
{
    public int Area => Height * Width;

    /// <summary>The same number twice.</summary>
    public static Plane Square(int side) => new(side, side);

    public override string ToString() => $"[{Height}, {Width}]";
}
