using DistBp.Learning.Data.Preprocessing;

namespace DistBp.Learning.Data.Shards;

/// <summary>Reads a job's data from folders of shards: nothing but lengths is held in memory.</summary>
internal static class ShardSource
{
    public static TrainingData Load(ShardFolder source, DataDescription data, TargetKind target, string baseFolder, ShardLocator? locate)
    {
        foreach ((DataSource? part, string key) in new[] { (data.Validation, "data.validation"), (data.Test, "data.test") })
        {
            if (part is Fraction)
                throw new UserException(ErrorKind.Usage, "No part is split off shards.", key, "let `distbp data convert` split the data, and name the part's folder");
        }
        var shards = new ShardSet(DataFile.Resolve(source.Path, baseFolder), target, 0, data.ShuffleWindow, locate);
        ShardManifest manifest = shards.Manifest;
        bool isSequence = shards.Lengths is not null;
        int width = shards.SampleShape.ElementCount, rowWidth = isSequence ? width / shards.SampleShape[0] : width;
        FittedStep[] steps = StepFitting.Fit(data.Preprocess, rowWidth, action => ShardDataset.ForEachRow(shards, rowWidth, action));

        // A table without rows stands for the columns, which the steps do not change.
        var table = new FeatureTable(0, FeatureColumn.Numbered(rowWidth), new TensorBuffer(0), new RowSource(shards.Folder, null, IsLines: false));
        var train = new RawPart(table, null, new TensorShape(target == TargetKind.Input ? manifest.SampleShape : manifest.TargetShape), shards.Lengths);
        int classes = target is TargetKind.Classes or TargetKind.Binary ? manifest.Classes : 0;
        var raw = new RawTraining([train, null, null], shards.SampleShape, null, classes > 0 ? manifest.ClassNames : null, classes);
        DataSchema schema = DataSchema.Create(data, target, raw, steps, table);
        return new TrainingData(Dataset(shards, schema, steps, data.ShuffleWindow), Part(data.Validation), Part(data.Test), schema);

        Dataset? Part(DataSource? part) => part is null ? null : schema.ReadLabelled(part, baseFolder, locate, data.ShuffleWindow);
    }

    /// <summary>All shards of a folder, treated as the training data were.</summary>
    public static ShardDataset ReadAll(string folder, DataSchema schema, IReadOnlyList<FittedStep> steps, ShardLocator? locate, int window)
    {
        var shards = new ShardSet(folder, schema.Target, schema.ClassCount, window, locate);
        string where = Path.Combine(folder, ShardManifest.FileName);
        if (shards.SampleShape.ElementCount != schema.RawShape.ElementCount)
            throw new UserException(ErrorKind.Data, $"A sample has the shape {shards.SampleShape}; training had {schema.RawShape}.", where, "give samples of the same shape");
        var targetShape = new TensorShape(shards.Manifest.TargetShape);
        if (schema.Target != TargetKind.Input && !targetShape.Equals(schema.TargetShape))
            throw new UserException(ErrorKind.Data, $"A target has the shape {targetShape}; training had {schema.TargetShape}.", where, "give targets of the same shape");
        if (shards.Lengths is not null && !schema.SampleShape.Equals(new TensorShape(shards.SampleShape[0], shards.SampleShape.ElementCount / shards.SampleShape[0])))
            throw new UserException(ErrorKind.Data, $"A sequence has the shape {shards.SampleShape}; training had {schema.SampleShape}.", where, "pad or cut them to as many steps");
        if (steps.Any(s => s is not IElementwiseStep))
        {
            throw new UserException(ErrorKind.Data, "The run's preprocessing changes columns, and shards are read as they are.", where,
                "evaluate on the files that the shards were made from");
        }
        return Dataset(shards, schema, steps, window);
    }

    private static ShardDataset Dataset(ShardSet shards, DataSchema schema, IReadOnlyList<FittedStep> steps, int window) =>
        new(shards, schema.SampleShape, schema.TargetShape, schema.Target == TargetKind.Input, [.. steps.Cast<IElementwiseStep>()], window);
}
