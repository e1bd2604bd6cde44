using DistBp.Cluster.Configuration;
using DistBp.Learning;
using DistBp.Learning.Data;

namespace DistBp.Cluster.Benchmarks;

/// <summary>Fashion-MNIST where it is installed; otherwise random pictures of the same shape and number, which take the same time.</summary>
/// <param name="Name">"fashion-mnist" or "random".</param>
internal sealed record BenchmarkData(string Name, Dataset Train)
{
    private const int Count = 60_000;
    private const int Side = 28;

    public static BenchmarkData Load(JobDescription job)
    {
        var files = (TensorFiles)job.Data.Train!;
        return File.Exists(files.X) && File.Exists(files.Y)
            ? new BenchmarkData("fashion-mnist", DataLoader.Load(job.Data, job.Target, job.Seed, job.BaseFolder).Train)
            : Random(job.Seed, Count);
    }

    public static BenchmarkData Random(int seed, int count)
    {
        var shape = new TensorShape(Side, Side);
        TensorBuffer samples = new(count * shape.ElementCount), targets = new(count);
        var random = new Random(seed);
        foreach (ref float value in samples.Span) value = random.NextSingle();
        foreach (ref float value in targets.Span) value = random.Next(BenchmarkJob.Classes);
        return new BenchmarkData("random", new MemoryDataset(count, shape, new TensorShape(), samples, targets));
    }
}
