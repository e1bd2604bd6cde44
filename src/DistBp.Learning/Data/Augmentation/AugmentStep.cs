namespace DistBp.Learning.Data.Augmentation;

/// <summary>One random change of a training sample, drawn anew each epoch. Other parts are never changed, nor are targets.</summary>
public abstract record AugmentStep
{
    public abstract string Kind { get; }

    /// <summary>True where it moves pixels, so that samples must be pictures.</summary>
    internal virtual bool IsSpatial => true;
}

/// <summary>By up to so many pixels up or down and left or right; what comes in is 0.</summary>
public sealed record ShiftStep(int Pixels) : AugmentStep
{
    public override string Kind => "shift";
}

public enum FlipDirection
{
    /// <summary>Left becomes right.</summary>
    Horizontal,

    /// <summary>Top becomes bottom.</summary>
    Vertical,

    /// <summary>Each by itself.</summary>
    Both,
}

/// <summary>With probability ½ in each direction.</summary>
public sealed record FlipStep(FlipDirection Direction) : AugmentStep
{
    public override string Kind => "flip";
}

/// <summary>What lies beyond the border of a picture.</summary>
public enum PictureFill
{
    Zeros,

    /// <summary>The nearest pixel.</summary>
    Edge,

    /// <summary>The picture mirrored at its outermost pixels.</summary>
    Reflect,
}

/// <summary>A picture is widened by so many pixels on each side, and a piece of its old size cut out anywhere.</summary>
public sealed record CropStep(int Padding, PictureFill Fill = PictureFill.Zeros) : AugmentStep
{
    public override string Kind => "crop";
}

/// <summary>Adds normal noise of this standard deviation to each element, after preprocessing.</summary>
public sealed record NoiseStep(double Deviation) : AugmentStep
{
    public override string Kind => "noise";

    internal override bool IsSpatial => false;
}
