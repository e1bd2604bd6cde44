namespace DistBp.Learning.Data.Shards;

/// <param name="Data">The data block of a job that reads the shards instead.</param>
/// <param name="Parts">"train", "validation", "test": those that the job has.</param>
/// <param name="IsPreprocessed">The steps of data.preprocess are done already: some of them need all samples in memory.</param>
public sealed record ConversionReport(
    DataDescription Data, IReadOnlyList<(string Part, string Folder, ShardManifest Manifest)> Parts, bool IsPreprocessed);

/// <summary>Writes a job's data as folders of shards: OUTPUT/train, OUTPUT/validation, OUTPUT/test. Parts are split by the job's seed.</summary>
public static class ShardConversion
{
    /// <param name="shardSamples">Samples of a shard; 0: as many as fill 32 MiB, at most 65,536.</param>
    /// <exception cref="UserException">Bad data, or a folder that is not empty or cannot be written to.</exception>
    public static ConversionReport Convert(DataDescription data, TargetKind target, int seed, string baseFolder, string output, int shardSamples)
    {
        if (data.Format == DataFormat.Shards)
            throw new UserException(ErrorKind.Usage, "The data are shards already.", "data.format", "name a job that reads other files");
        if (data.TargetIsInput) target = TargetKind.Input;
        RequireEmpty(output);
        bool stays = data.Preprocess.All(s => s is DivideStep or StandardizeStep or MinMaxStep);
        try
        {
            (string, string, ShardManifest)[] parts = stays && data is { Format: DataFormat.Idx or DataFormat.Npy, Train: TensorFiles }
                ? TensorConversion.Convert(data, target, seed, baseFolder, output, shardSamples)
                : FromMemory(stays ? data with { Preprocess = [] } : data, target, seed, baseFolder, output, shardSamples);
            return new ConversionReport(Block(data, stays, parts), parts, !stays);
        }
        catch (Exception cause)
        {
            // Nothing was there before: half a conversion is of no use to anyone.
            if (Directory.Exists(output)) Directory.Delete(output, recursive: true);
            if (cause is not (IOException or UnauthorizedAccessException)) throw;
            throw new UserException(ErrorKind.Usage, $"The shards cannot be written: {cause.Message}", output, "free space, or name a folder that can be written to", cause);
        }
    }

    /// <summary>Formats that are read as a whole.</summary>
    private static (string, string, ShardManifest)[] FromMemory(
        DataDescription data, TargetKind target, int seed, string baseFolder, string output, int shardSamples)
    {
        TrainingData all = DataLoader.Load(data, target, seed, baseFolder);
        var parts = new List<(string, string, ShardManifest)>();
        foreach ((string name, Dataset? part) in new[] { ("train", all.Train), ("validation", all.Validation), ("test", all.Test) })
        {
            if (part is MemoryDataset samples) parts.Add((name, Path.Combine(output, name), Write(samples, all.Schema, Path.Combine(output, name), shardSamples)));
        }
        return [.. parts];
    }

    private static ShardManifest Write(MemoryDataset part, DataSchema schema, string folder, int shardSamples)
    {
        bool isInput = schema.Target == TargetKind.Input;
        int width = part.SampleShape.ElementCount, targetWidth = part.TargetShape.ElementCount;
        var layout = new ShardLayout(
            part.Count, part.SampleShape, TypeOf(part.Samples.Span), schema.Target, isInput ? new TensorShape() : part.TargetShape,
            TypeOf(part.Targets.Span), part.Lengths is not null);
        using var writer = new ShardFolderWriter(folder, layout, shardSamples);
        for (int i = 0; i < part.Count; i++)
        {
            ReadOnlySpan<float> target = isInput ? [] : part.Targets.Span.Slice(i * targetWidth, targetWidth);
            writer.Add(part.Samples.Span.Slice(i * width, width), target, part.Lengths?[i] ?? 0);
        }
        return schema.Target is TargetKind.Classes or TargetKind.Binary
            ? writer.Finish(schema.ClassCount, schema.ClassNames) : writer.Finish(0, null);
    }

    /// <summary>u8 where it holds every value exactly.</summary>
    private static Tensors.ElementType TypeOf(ReadOnlySpan<float> values)
    {
        foreach (float x in values)
            if (!(x is >= 0 and <= 255 && x == MathF.Floor(x)) || float.IsNegative(x)) return Tensors.ElementType.F32;
        return Tensors.ElementType.U8;
    }

    private static DataDescription Block(DataDescription data, bool stays, (string Part, string Folder, ShardManifest)[] parts)
    {
        return data with
        {
            Format = DataFormat.Shards,
            Train = Folder("train"),
            Validation = Folder("validation"),
            Test = Folder("test"),
            // What is written from memory has the shape that the network takes.
            Shape = stays ? data.Shape : null,
            Preprocess = stays ? data.Preprocess : [],
        };

        ShardFolder? Folder(string name) => parts.FirstOrDefault(p => p.Part == name) is { Folder: { } folder } ? new ShardFolder(Path.GetFullPath(folder)) : null;
    }

    private static void RequireEmpty(string output)
    {
        if (File.Exists(output) || (Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any()))
            throw new UserException(ErrorKind.Usage, "There is something already.", output, "name a new or an empty folder");
    }
}
