using DistBp.Learning.Data.Preprocessing;

namespace DistBp.Learning.Data.Tensors;

/// <summary>Reads a pair of tensor files, x and y, into raw parts: each sample goes straight to its place in its part.</summary>
internal static class TensorSource
{
    public static RawTraining ReadTraining(TensorFiles files, DataDescription data, TargetKind target, int seed, string baseFolder)
    {
        using TensorReader x = TensorReader.Open(DataFile.Resolve(files.X, baseFolder), data.Format);
        var assignment = PartAssignment.Create(x.SampleCount, data, seed, x.Path);
        RawPart?[] parts = Read(x, files, data.Format, assignment, target, baseFolder, AllowsMissing(data.Preprocess));
        if (target != TargetKind.Classes) return new RawTraining(parts, x.SampleShape, null, null, target == TargetKind.Binary ? 2 : 0);

        int classCount = parts.Max(p => p is null ? 0 : TargetChecks.HighestClass(p)) + 1;
        if (classCount < 2)
            throw new UserException(ErrorKind.Data, "All labels are 0: there is nothing to tell apart.", files.Y!, "check data.train.y");
        return new RawTraining(parts, x.SampleShape, null, null, classCount);
    }

    /// <summary>All samples as one part, for evaluation.</summary>
    public static RawPart ReadAll(TensorFiles files, DataFormat format, TargetKind target, string baseFolder, bool missingAllowed)
    {
        using TensorReader x = TensorReader.Open(DataFile.Resolve(files.X, baseFolder), format);
        return Read(x, files, format, PartAssignment.Whole(x.SampleCount), target, baseFolder, missingAllowed)[PartAssignment.Train]!;
    }

    /// <summary>The samples alone, for prediction.</summary>
    public static FeatureTable ReadInput(string path, DataFormat format, bool missingAllowed)
    {
        using TensorReader x = TensorReader.Open(path, format);
        TensorBuffer?[] values = ReadParts(x, PartAssignment.Whole(x.SampleCount));
        return Table(x, values[PartAssignment.Train]!, PartAssignment.Whole(x.SampleCount), PartAssignment.Train, missingAllowed);
    }

    public static bool AllowsMissing(IReadOnlyList<PreprocessStep> steps) => steps.Any(s => s is ImputeStep);

    private static RawPart?[] Read(
        TensorReader x, TensorFiles files, DataFormat format, PartAssignment assignment, TargetKind target, string baseFolder,
            bool missingAllowed)
    {
        TensorBuffer?[] samples = ReadParts(x, assignment);
        TensorBuffer?[] targets = new TensorBuffer?[PartAssignment.PartCount];
        TensorShape targetShape = x.SampleShape;
        string? yPath = null;
        if (target != TargetKind.Input)
        {
            yPath = DataFile.Resolve(files.Y ?? throw new UserException(ErrorKind.Usage, "The file of the labels is missing.", "data: y",
                "add y: FILE beside x, or target: input for an autoencoder"), baseFolder);
            using TensorReader y = TensorReader.Open(yPath, format);
            targetShape = TargetShape(x, y, target);
            targets = ReadParts(y, assignment);
        }

        var parts = new RawPart?[PartAssignment.PartCount];
        for (int part = 0; part < parts.Length; part++)
        {
            if (samples[part] is not { } values) continue;
            parts[part] = new RawPart(Table(x, values, assignment, part, missingAllowed), targets[part], targetShape);
            if (yPath is not null) TargetChecks.Check(parts[part]!, target, parts[part]!.Features.Rows with { Path = yPath });
        }
        return parts;
    }

    private static FeatureTable Table(TensorReader x, TensorBuffer values, PartAssignment assignment, int part, bool missingAllowed)
    {
        var rows = new RowSource(x.Path, assignment.RowsOf(part), IsLines: false);
        var table = new FeatureTable(assignment.Counts[part], FeatureColumn.Numbered(x.SampleShape.ElementCount), values, rows);
        if (x.IsFloating) FiniteCheck.Raw(table, missingAllowed);
        return table;
    }

    private static TensorBuffer?[] ReadParts(TensorReader reader, PartAssignment assignment)
    {
        int width = reader.SampleShape.ElementCount;
        TensorBuffer?[] buffers = [.. assignment.Counts.Select(c => c == 0 ? null : FeatureTable.Allocate(c, width, reader.Path))];
        if (assignment.IsWhole) reader.ReadNext(buffers[PartAssignment.Train]!.Span);
        else ReadRows(reader, assignment, buffers, width);
        reader.Finish();
        return buffers;
    }

    private static void ReadRows(TensorReader reader, PartAssignment assignment, TensorBuffer?[] buffers, int width)
    {
        Span<int> next = stackalloc int[PartAssignment.PartCount];
        next.Clear();
        for (int row = 0; row < reader.SampleCount; row++)
        {
            int part = assignment[row];
            reader.ReadNext(buffers[part]!.Span.Slice(next[part]++ * width, width));
        }
    }

    /// <summary>[] for one number a sample, however the file writes it.</summary>
    private static TensorShape TargetShape(TensorReader x, TensorReader y, TargetKind target)
    {
        if (y.SampleCount != x.SampleCount)
        {
            throw new UserException(ErrorKind.Data, $"There are {y.SampleCount} labels for {x.SampleCount} samples ({x.Path}).", y.Path,
                "give the x and y that belong together");
        }
        if (y.SampleShape.ElementCount == 1) return new TensorShape();
        if (target != TargetKind.Classes) return y.SampleShape;
        throw new UserException(ErrorKind.Data, $"Labels of shape {y.DeclaredShape} are not one class a sample.", y.Path,
            "store the class's index (in NumPy: y.argmax(axis=1)), or choose another loss for several values a sample");
    }
}
