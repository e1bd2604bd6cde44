using DistBp.Learning.Data;
using DistBp.Learning.Data.Shards;

namespace DistBp.Learning.Tests.Data.Shards;

/// <summary>The same data in memory and as shards.</summary>
internal static class ShardFolders
{
    public const int Seed = 1;

    public static DataDescription Npy(TemporaryFolder folder, string code, TensorShape row, int count, Func<int, double> x, Func<int, double>? y, string yCode = "u1")
    {
        string shape = $"({count}, {string.Join(", ", row.Dimensions.ToArray())})";
        double[] samples = [.. Enumerable.Range(0, count * row.ElementCount).Select(x)];
        folder.Write("x.npy", TensorBytes.Npy((code == "u1" ? "|" : "<") + code, shape, TensorBytes.Elements(code, false, samples)));
        if (y is not null)
        {
            double[] targets = [.. Enumerable.Range(0, count).Select(y)];
            folder.Write("y.npy", TensorBytes.Npy((yCode == "u1" ? "|" : "<") + yCode, $"({count},)", TensorBytes.Elements(yCode, false, targets)));
        }
        return new DataDescription(DataFormat.Npy, new TensorFiles("x.npy", y is null ? null : "y.npy"), null, null, null, [], y is null);
    }

    public static ConversionReport Convert(TemporaryFolder folder, DataDescription data, TargetKind target = TargetKind.Classes, int shardSamples = 4) =>
        ShardConversion.Convert(data, target, Seed, folder.Path, Path.Combine(folder.Path, "shards"), shardSamples);

    /// <summary>Every part has the same bits, copied and gathered, and so has what was fitted.</summary>
    public static void ShouldEqualMemory(TemporaryFolder folder, DataDescription data, TargetKind target = TargetKind.Classes, int shardSamples = 4)
    {
        TrainingData memory = DataLoader.Load(data, target, Seed, folder.Path);
        TrainingData mapped = DataLoader.Load(Convert(folder, data, target, shardSamples).Data, target, Seed, folder.Path);
        Assert.Equal(memory.Schema.SampleShape, mapped.Schema.SampleShape);
        Assert.Equal((memory.Schema.TargetShape, memory.Schema.ClassCount), (mapped.Schema.TargetShape, mapped.Schema.ClassCount));
        ShouldEqual(memory.Train, mapped.Train);
        ShouldEqual(memory.Validation, mapped.Validation);
        ShouldEqual(memory.Test, mapped.Test);
    }

    private static void ShouldEqual(Dataset? memory, Dataset? mapped)
    {
        Assert.Equal(memory is null, mapped is null);
        if (memory is null || mapped is null) return;
        Assert.IsType<ShardDataset>(mapped);
        Assert.Equal((memory.Count, memory.SampleShape, memory.TargetShape), (mapped.Count, mapped.SampleShape, mapped.TargetShape));
        Assert.Equal(memory.Lengths, mapped.Lengths);
        float[] samples = new float[memory.Count * memory.SampleShape.ElementCount], targets = new float[memory.Count * memory.TargetShape.ElementCount];
        mapped.Copy(0, mapped.Count, samples, targets);
        Assert.Equal(memory.Samples.Span.ToArray(), samples);
        Assert.Equal(memory.Targets.Span.ToArray(), targets);
        int[] indices = [.. Enumerable.Range(0, memory.Count).Reverse()];
        float[] expected = new float[samples.Length], expectedTargets = new float[targets.Length];
        memory.Gather(indices, expected, expectedTargets);
        mapped.Gather(indices, samples, targets);
        Assert.Equal(expected, samples);
        Assert.Equal(expectedTargets, targets);
        Assert.Equal(memory.Order(3).Rows(2, new RowRange(0, memory.Count)).ToArray(), mapped.Order(3).Rows(2, new RowRange(0, memory.Count)).ToArray());
    }
}
