using DistBp.Cluster.Configuration.Forms;
using DistBp.Learning.Data.Augmentation;
using static DistBp.Cluster.Configuration.Forms.Numbers;

namespace DistBp.Cluster.Configuration.Jobs;

/// <summary>How the steps of the augmentation are written in a job file. A new step is one more entry.</summary>
internal static class AugmentForms
{
    /// <summary>Beyond any picture.</summary>
    private const int MostPixels = 1 << 16;

    private static readonly OneOfForm<AugmentStep> Step = new("augmentation step", s => s.Kind,
    [
        Variant<AugmentStep>.Of("shift", new ShiftStep(0),
            (f, s) => s with { Pixels = f.Field("pixels", s.Pixels, Count(1, MostPixels, sample: 2), required: true) }, shorthand: "pixels"),
        Variant<AugmentStep>.Of("flip", new FlipStep(FlipDirection.Horizontal),
            (f, s) => s with { Direction = f.Field("direction", s.Direction, WordForm.Of<FlipDirection>("direction")) }, shorthand: "direction"),
        Variant<AugmentStep>.Of("crop", new CropStep(0), (f, s) => s with
        {
            Padding = f.Field("padding", s.Padding, Count(1, MostPixels, sample: 4), required: true),
            Fill = f.Field("fill", s.Fill, WordForm.Of<PictureFill>("fill")),
        }, shorthand: "padding"),
        Variant<AugmentStep>.Of("noise", new NoiseStep(0),
            (f, s) => s with { Deviation = f.Field("deviation", s.Deviation, Positive, required: true) }, shorthand: "deviation"),
    ],
    notAvailable: []);

    public static readonly ListForm<AugmentStep> Steps = new(Step, "a list of augmentation steps", mayBeEmpty: true);
}
