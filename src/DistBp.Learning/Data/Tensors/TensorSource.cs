using DistBp.Learning.Data.Preprocessing;
using DistBp.Learning.Data.Sequences;

namespace DistBp.Learning.Data.Tensors;

/// <summary>Reads a pair of tensor files, x and y, into raw parts: each sample goes straight to its place in its part.</summary>
internal static class TensorSource
{
    public static RawTraining ReadTraining(TensorFiles files, DataDescription data, TargetKind target, int seed, string baseFolder)
    {
        using TensorReader x = TensorReader.Open(DataFile.Resolve(files.X, baseFolder), data.Format);
        var assignment = PartAssignment.Create(x.SampleCount, data, seed, x.Path);
        if (target == TargetKind.Input && files.Lengths is not null)
        {
            throw new UserException(ErrorKind.Usage, "Sequences of different lengths cannot be their own target: the loss would count the padding.",
                "data.train.lengths", "leave the lengths out, or give labels");
        }
        RawPart?[] parts = Read(
            x, files, data.Format, assignment, target, baseFolder, AllowsMissing(data.Preprocess), files.Lengths is not null);
        if (target != TargetKind.Classes) return new RawTraining(parts, x.SampleShape, null, null, target == TargetKind.Binary ? 2 : 0);

        int classCount = parts.Max(p => p is null ? 0 : TargetChecks.HighestClass(p)) + 1;
        if (classCount < 2)
            throw new UserException(ErrorKind.Data, "All labels are 0: there is nothing to tell apart.", files.Y!, "check data.train.y");
        return new RawTraining(parts, x.SampleShape, null, null, classCount);
    }

    /// <summary>All samples as one part, for evaluation.</summary>
    public static RawPart ReadAll(TensorFiles files, DataFormat format, TargetKind target, string baseFolder, bool missingAllowed,
        bool isSequence)
    {
        using TensorReader x = TensorReader.Open(DataFile.Resolve(files.X, baseFolder), format);
        return Read(x, files, format, PartAssignment.Whole(x.SampleCount), target, baseFolder, missingAllowed, isSequence)[PartAssignment.Train]!;
    }

    /// <summary>The samples alone, for prediction.</summary>
    /// <param name="lengthsPath">Null: sequences are whole.</param>
    public static RawPart ReadInput(string path, string? lengthsPath, DataFormat format, bool missingAllowed, bool isSequence)
    {
        using TensorReader x = TensorReader.Open(path, format);
        var whole = PartAssignment.Whole(x.SampleCount);
        int[]? lengths = ReadLengths(x, lengthsPath, whole, isSequence)[PartAssignment.Train];
        TensorBuffer?[] values = ReadParts(x, whole);
        FeatureTable table = Table(x, values[PartAssignment.Train]!, whole, PartAssignment.Train, missingAllowed, lengths);
        return new RawPart(table, null, new TensorShape(), lengths);
    }

    public static bool AllowsMissing(IReadOnlyList<PreprocessStep> steps) => steps.Any(s => s is ImputeStep);

    private static RawPart?[] Read(
        TensorReader x, TensorFiles files, DataFormat format, PartAssignment assignment, TargetKind target, string baseFolder,
            bool missingAllowed, bool isSequence)
    {
        string? lengthsPath = files.Lengths is null ? null : DataFile.Resolve(files.Lengths, baseFolder);
        int[]?[] lengths = ReadLengths(x, lengthsPath, assignment, isSequence);
        TensorBuffer?[] samples = ReadParts(x, assignment);
        TensorBuffer?[] targets = new TensorBuffer?[PartAssignment.PartCount];
        TensorShape targetShape = x.SampleShape;
        string? yPath = null;
        if (target != TargetKind.Input)
        {
            yPath = TargetPath(files, baseFolder);
            using TensorReader y = TensorReader.Open(yPath, format);
            targetShape = TargetShape(x, y, target);
            targets = ReadParts(y, assignment);
        }

        var parts = new RawPart?[PartAssignment.PartCount];
        for (int part = 0; part < parts.Length; part++)
        {
            if (samples[part] is not { } values) continue;
            FeatureTable table = Table(x, values, assignment, part, missingAllowed, lengths[part]);
            if (lengths[part] is { } ofPart && IsOfSteps(targetShape, target)) ClearPadding(targets[part]!.Span, ofPart, targetShape[0]);
            parts[part] = new RawPart(table, targets[part], targetShape, lengths[part]);
            if (yPath is not null) TargetChecks.Check(parts[part]!, target, table.Rows with { Path = yPath, StepStarts = null });
        }
        return parts;
    }

    /// <summary>Whether each step of a sequence has a class of its own.</summary>
    public static bool IsOfSteps(TensorShape targetShape, TargetKind target) => target == TargetKind.Classes && targetShape.Rank == 1;

    /// <exception cref="UserException">The labels are not named.</exception>
    public static string TargetPath(TensorFiles files, string baseFolder) => DataFile.Resolve(
        files.Y ?? throw new UserException(ErrorKind.Usage, "The file of the labels is missing.", "data: y",
            "add y: FILE beside x, or target: input for an autoencoder"), baseFolder);

    /// <summary>How many steps of each sample count.</summary>
    public static int[] LengthsOf(TensorReader x, string path)
    {
        RequireSteps(x);
        return LengthsReader.Read(path, x.SampleCount, x.SampleShape[0]);
    }

    private static void RequireSteps(TensorReader x)
    {
        if (x.SampleShape.Rank > 0) return;
        throw new UserException(ErrorKind.Data, $"Data of shape {x.DeclaredShape} are no sequences.", x.Path, "store [samples, steps, features]");
    }

    /// <summary>[parts][samples of the part]; null where samples are no sequences, or the part is not split off.</summary>
    private static int[]?[] ReadLengths(TensorReader x, string? path, PartAssignment assignment, bool isSequence)
    {
        var lengths = new int[]?[PartAssignment.PartCount];
        if (!isSequence && path is null) return lengths;
        if (!isSequence)
        {
            throw new UserException(ErrorKind.Usage, "These samples have lengths, and those of training have none.", path!,
                "leave the lengths out, or give data.train.lengths and train again");
        }
        RequireSteps(x);
        int steps = x.SampleShape[0];
        int[]? all = path is null ? null : LengthsOf(x, path);
        for (int part = 0; part < lengths.Length; part++)
        {
            if (assignment.Counts[part] == 0) continue;
            int[] rows = assignment.RowsOf(part) ?? [.. Enumerable.Range(0, x.SampleCount)];
            lengths[part] = [.. rows.Select(row => all is null ? steps : all[row])];
        }
        return lengths;
    }

    /// <summary>Whatever stands for the class of a step that does not count.</summary>
    private static void ClearPadding(Span<float> targets, int[] lengths, int steps)
    {
        for (int i = 0; i < lengths.Length; i++) targets[(i * steps + lengths[i])..((i + 1) * steps)].Clear();
    }

    private static FeatureTable Table(
        TensorReader x, TensorBuffer values, PartAssignment assignment, int part, bool missingAllowed, int[]? lengths)
    {
        var rows = new RowSource(x.Path, assignment.RowsOf(part), IsLines: false);
        FeatureTable table = lengths is not null ? StepTable.Pack(values.Span, x.SampleShape[0], lengths, rows) : new FeatureTable(assignment.Counts[part], FeatureColumn.Numbered(x.SampleShape.ElementCount), values, rows);
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
    public static TensorShape TargetShape(TensorReader x, TensorReader y, TargetKind target)
    {
        if (y.SampleCount != x.SampleCount)
        {
            throw new UserException(ErrorKind.Data, $"There are {y.SampleCount} labels for {x.SampleCount} samples ({x.Path}).", y.Path,
                "give the x and y that belong together");
        }
        if (y.SampleShape.ElementCount == 1) return new TensorShape();
        if (target != TargetKind.Classes) return y.SampleShape;
        if (y.SampleShape.Rank == 1 && x.SampleShape.Rank >= 1 && y.SampleShape[0] == x.SampleShape[0]) return y.SampleShape;
        throw new UserException(ErrorKind.Data, $"Labels of shape {y.DeclaredShape} are not one class a sample.", y.Path,
            "store the class's index (in NumPy: y.argmax(axis=1)); a class a step of sequences [samples, steps, features] is [samples, steps]; or choose another loss for several values a sample");
    }
}
