namespace DistBp.Learning.Kernels;

/// <summary>
/// How a window goes over a plane of pixels: output (i, j) sees the pixels (i · stride − before + u · dilation, …) for u in [0, size). Pixels
/// outside the plane are padding. The last windows that would not fit are left out (as in PyTorch: rounded down).
/// </summary>
public sealed record WindowGeometry
{
    /// <summary>Of pixels.</summary>
    public required Plane Input { get; init; }

    /// <summary>Of the window.</summary>
    public required Plane Size { get; init; }

    public required Plane Stride { get; init; }

    public Plane Dilation { get; init; } = Plane.Square(1);

    /// <summary>Rows of padding above the plane, columns to its left.</summary>
    public Plane Before { get; init; }

    /// <summary>Rows of padding below the plane, columns to its right.</summary>
    public Plane After { get; init; }

    /// <summary>What a window covers, gaps included.</summary>
    public Plane Reach => new(Dilation.Height * (Size.Height - 1) + 1, Dilation.Width * (Size.Width - 1) + 1);

    public Plane Padded => new(Input.Height + Before.Height + After.Height, Input.Width + Before.Width + After.Width);

    /// <summary>Of windows; not above 0 where none fits.</summary>
    public Plane Output => new(
        Windows(Padded.Height, Reach.Height, Stride.Height), Windows(Padded.Width, Reach.Width, Stride.Width));

    private static int Windows(int padded, int reach, int stride) => padded < reach ? 0 : (padded - reach) / stride + 1;
}
