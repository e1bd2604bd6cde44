using DistBp.Cluster.Configuration;
using DistBp.Cluster.Tests.Storage;
using DistBp.Learning;
using DistBp.Learning.Data.Shards;

namespace DistBp.Cluster.Tests.Runs;

public sealed class ShardRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_window_that_holds_all_samples_gives_the_bits_of_data_in_memory()
    {
        JobDescription memory = SmallJobs.Of(SmallJobs.Adam);
        (Outcome expected, _) = await TestRun.WholeAsync(memory);
        (Outcome shards, _) = await TestRun.WholeAsync(Convert(memory), workers: 2);
        Assert.Equal(expected, shards);
    }

    [Fact]
    public async Task Workers_servers_and_pieces_change_no_bit_of_a_run_over_windows()
    {
        JobDescription job = Convert(SmallJobs.Of(SmallJobs.Adam));
        job = job with { Data = job.Data with { ShuffleWindow = 150 } };
        (Outcome expected, RunProbe alone) = await TestRun.WholeAsync(job);
        foreach (int workers in new[] { 2, 3 })
        {
            (Outcome outcome, RunProbe probe) = await TestRun.WholeAsync(job, workers, servers: workers);
            Assert.Equal(expected, outcome);
            Assert.Equal(alone.Steps, probe.Steps);
        }
        using var pieces = new TestRun();
        Assert.Equal(expected, await pieces.TrainInPiecesAsync(job, [(3, 2, 1), (13, 1, 2)], (3, 1)));
    }

    [Fact]
    public async Task A_shard_that_is_found_to_be_damaged_in_the_middle_ends_the_run_with_its_name()
    {
        JobDescription job = Convert(SmallJobs.Of(SmallJobs.Adam));
        string path = _folder["shards/train/x-00003.npy"];
        byte[] bytes = File.ReadAllBytes(path);
        bytes[500] ^= 1;
        File.WriteAllBytes(path, bytes);
        UserException error = await Assert.ThrowsAsync<UserException>(() => TestRun.WholeAsync(job, workers: 2));
        Assert.Equal((ErrorKind.Data, path), (error.Kind, error.Problems[0].Where));
    }

    [FashionMnistFact]
    public async Task Fashion_MNIST_trains_from_shards_with_the_bits_of_its_own_files()
    {
        JobDescription job = JobFile.Parse($$"""
            data:
              format: idx
              train: {x: {{FashionMnistFactAttribute.Folder}}/train-images-idx3-ubyte.gz, y: {{FashionMnistFactAttribute.Folder}}/train-labels-idx1-ubyte.gz}
              test: {x: {{FashionMnistFactAttribute.Folder}}/t10k-images-idx3-ubyte.gz, y: {{FashionMnistFactAttribute.Folder}}/t10k-labels-idx1-ubyte.gz}
              preprocess: [{divide: 255}]
            model: {layers: [flatten, {dense: 32}, relu, {dense: 10}]}
            loss: softmaxCrossEntropy
            batch: 256
            epochs: 1
            """, "fashion.yaml", [], "fashion", _folder.Path);
        (Outcome expected, _) = await TestRun.WholeAsync(job, workers: 2);
        JobDescription shards = Convert(job, shardSamples: 8192);
        Assert.Equal(expected, (await TestRun.WholeAsync(shards, workers: 2)).Outcome);
        shards = shards with { Data = shards.Data with { ShuffleWindow = 10_000 } };
        (Outcome windowed, _) = await TestRun.WholeAsync(shards);
        Assert.NotEqual(expected.WeightsSha256, windowed.WeightsSha256);
        Assert.InRange(windowed.TestAccuracy!.Value, expected.TestAccuracy!.Value - 0.03, 1);
        foreach (int workers in new[] { 2, 3 }) Assert.Equal(windowed, (await TestRun.WholeAsync(shards, workers)).Outcome);
    }

    private JobDescription Convert(JobDescription job, int shardSamples = 200) => job with
    {
        Data = ShardConversion.Convert(job.Data, job.Target, job.Seed, job.BaseFolder, _folder["shards"], shardSamples).Data,
    };
}
