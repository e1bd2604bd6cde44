using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Actors;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Storage;

[Collection(AloneCollection.Name)]
public sealed class CheckpointMemoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Writing_takes_no_memory_that_grows_with_the_model_and_gives_the_same_bytes_each_time()
    {
        ParameterLayout layout = SmallRun.Layout(inputs: 400_000);
        int trained = layout.TrainedCount;
        float[][] states = [SmallRun.Floats(trained, 1), SmallRun.Floats(trained, 2)];
        CheckpointContent content = SmallRun.Content(1, SmallRun.Identity(layout)) with
        {
            Optimizer = SmallRun.Shards(states, [.. Enumerable.Range(1, 9).Select(i => trained * i / 9)]),
        };
        CheckpointStore store = CheckpointStore.OpenForWriting(_folder["checkpoints"], keep: 1);
        string folder = store.Save(content);
        byte[][] first = [.. CheckpointStoreTests.Files(folder)];
        long before = GC.GetTotalAllocatedBytes();
        store.Save(content);
        // 14 MB are written.
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 4 << 20);
        Assert.Equal(first, CheckpointStoreTests.Files(folder));
    }
}
