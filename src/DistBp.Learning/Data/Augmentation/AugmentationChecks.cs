namespace DistBp.Learning.Data.Augmentation;

/// <summary>Whether the samples of a training part can be changed as a job asks.</summary>
public static class AugmentationChecks
{
    /// <exception cref="UserException">A step does not fit; all that do not, at once.</exception>
    public static void Check(IReadOnlyList<AugmentStep> steps, Dataset train)
    {
        var problems = new List<Problem>();
        for (int i = 0; i < steps.Count; i++)
        {
            if (Fault(steps[i], train) is var (what, remedy)) problems.Add(new Problem(what, $"data.augment.{i}", remedy));
        }
        if (problems.Count > 0) throw new UserException(ErrorKind.Usage, problems);
    }

    private static (string What, string Remedy)? Fault(AugmentStep step, Dataset train)
    {
        if (!step.IsSpatial) return null;
        TensorShape shape = train.SampleShape;
        if (train.Lengths is not null)
            return ($"{step.Kind} moves pixels, and a sample is a sequence of a length of its own", "delete it; noise is for any data");
        if (Picture.Of(shape) is not { } picture)
        {
            return ($"{step.Kind} needs pictures, [channels, height, width] or [height, width], and a sample has the shape {shape}",
                "give data.shape if the samples are pictures, or delete it; noise is for any data");
        }
        int most = Math.Min(picture.Height, picture.Width) - 1;
        return step switch
        {
            ShiftStep shift when shift.Pixels > most => TooFar($"shift {shift.Pixels}"),
            // Up to the size a piece still has pixels of the picture; a mirror reaches one less.
            CropStep crop when crop.Padding > most => TooFar($"crop with padding {crop.Padding}"),
            _ => null,
        };

        (string, string)? TooFar(string what) =>
            ($"{what} can move a picture of {picture.Height} x {picture.Width} pixels out of sight", $"give at most {most}");
    }
}
