using DistBp.Learning.Data;
using DistBp.Learning.Data.Shards;

namespace DistBp.Learning.Tests.Data.Shards;

[Collection(AloneCollection.Name)]
public sealed class ShardDatasetTests : IDisposable
{
    private const int Count = 120, Width = 70;
    private readonly TemporaryFolder _folder = new();
    private readonly DataDescription _memory;
    private readonly DataDescription _shards;

    public ShardDatasetTests()
    {
        _memory = ShardFolders.Npy(_folder, "u1", new TensorShape(Width), Count, i => i * 37 % 256, i => i % 3) with { Preprocess = [new StandardizeStep()] };
        _shards = ShardFolders.Convert(_folder, _memory, shardSamples: 7).Data with { ShuffleWindow = 5 };
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_let_go_comes_back_the_same_for_several_threads_at_once()
    {
        Dataset expected = DataLoader.Load(_memory, TargetKind.Classes, 1, _folder.Path).Train;
        Dataset mapped = DataLoader.Load(_shards, TargetKind.Classes, 1, _folder.Path).Train;
        const int seed = 20261121;
        Parallel.For(0, 8, thread =>
        {
            var random = new Random(seed + thread);
            for (int round = 0; round < 50; round++)
            {
                int[] indices = [.. Enumerable.Range(0, 20).Select(_ => random.Next(Count))];
                float[][] samples = [new float[20 * Width], new float[20 * Width]], targets = [new float[20], new float[20]];
                expected.Gather(indices, samples[0], targets[0]);
                mapped.Gather(indices, samples[1], targets[1]);
                Assert.Equal(samples[0], samples[1]);
                Assert.Equal(targets[0], targets[1]);
            }
        });
    }

    [Fact]
    public void A_warm_gather_allocates_nothing()
    {
        Dataset mapped = DataLoader.Load(_shards, TargetKind.Classes, 1, _folder.Path).Train;
        int[] indices = [.. Enumerable.Range(0, Count).Select(i => i * 13 % Count)];
        float[] samples = new float[Count * Width], targets = new float[Count];
        for (int i = 0; i < 2; i++) mapped.Gather(indices, samples, targets);
        long before = GC.GetAllocatedBytesForCurrentThread();
        mapped.Gather(indices, samples, targets);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Shards_of_other_shapes_or_classes_than_those_of_training_are_refused()
    {
        DataSchema schema = DataLoader.Load(_memory, TargetKind.Classes, 1, _folder.Path).Schema;
        using var other = new TemporaryFolder();
        ShardFolders.Convert(other, ShardFolders.Npy(other, "u1", new TensorShape(3), 6, i => i, i => i % 2));
        Assert.Contains("A sample has the shape [3]; training had [70]", Refused("shards/train"), StringComparison.Ordinal);
        Directory.Delete(Path.Combine(other.Path, "shards"), recursive: true);
        ShardFolders.Convert(other, ShardFolders.Npy(other, "u1", new TensorShape(Width), 6, i => i % 9, i => i % 5));
        Assert.Contains("The label 3 is none of the classes 0 to 2.", Refused("shards/train"), StringComparison.Ordinal);

        string Refused(string folder) => Assert.Throws<UserException>(
            () => schema.ReadLabelled(new ShardFolder(folder), other.Path).Copy(0, 6, new float[6 * Width], new float[6])).Message;
    }
}
