namespace DistBp.Learning.Data.Tensors;

/// <summary>What targets read from tensors must be: class indices are whole and not negative, binary targets 0 or 1, values
/// finite.</summary>
internal static class TargetChecks
{
    /// <summary>More classes than this in numbered labels are taken for a mistake.</summary>
    private const int MostClasses = 1 << 20;

    public static void Check(RawPart part, TargetKind kind, RowSource rows)
    {
        ReadOnlySpan<float> targets = part.Targets!.Span;
        for (int i = 0; i < targets.Length; i++)
        {
            if (!IsGood(targets[i], kind)) throw Bad(targets[i], kind, rows.Describe(i / part.TargetShape.ElementCount));
        }
    }

    /// <summary>One target of a file that is read as a stream.</summary>
    /// <param name="classCount">What labels must be below; 0: that is not known.</param>
    public static void Require(float y, TargetKind kind, int classCount, string path, int sample)
    {
        if (!IsGood(y, kind)) throw Bad(y, kind, $"{path}, sample {sample}");
        if (classCount > 0 && y >= classCount) throw Unknown(y, classCount, $"{path}, sample {sample}");
    }

    public static int HighestClass(RawPart part)
    {
        float highest = 0;
        foreach (float y in part.Targets!.Span) highest = Math.Max(highest, y);
        return (int)highest;
    }

    /// <summary>No label of <paramref name="part"/> is a class that training does not know.</summary>
    public static void CheckKnown(RawPart part, int classCount, string path)
    {
        ReadOnlySpan<float> targets = part.Targets!.Span;
        for (int i = 0; i < targets.Length; i++)
        {
            if (targets[i] < classCount) continue;
            throw Unknown(targets[i], classCount, (part.Features.Rows with { Path = path }).DescribeSample(i / part.TargetShape.ElementCount));
        }
    }

    private static bool IsGood(float y, TargetKind kind) => kind switch
    {
        TargetKind.Classes => y >= 0 && y < MostClasses && y == MathF.Floor(y),
        TargetKind.Binary => y is 0 or 1,
        _ => float.IsFinite(y),
    };

    private static UserException Unknown(float y, int classCount, string where) => new(
        ErrorKind.Data, $"The label {y} is out of range: the training data have the classes 0 to {classCount - 1}.", where,
        "correct the label or leave the sample out");

    private static UserException Bad(float y, TargetKind kind, string where) => kind switch
    {
        TargetKind.Classes => new UserException(ErrorKind.Data, $"The label {y} is not a class's index (0, 1, 2, …).", where,
            "correct it; for real values choose the loss meanSquaredError or huber"),
        TargetKind.Binary => new UserException(ErrorKind.Data, $"The label {y} is neither 0 nor 1.", where,
            "correct it; for more than two classes choose the loss softmaxCrossEntropy"),
        _ => new UserException(ErrorKind.Data, $"The target is {y}.", where, "correct it or leave the sample out"),
    };
}
