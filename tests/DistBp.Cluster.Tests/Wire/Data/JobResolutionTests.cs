using DistBp.Cluster.Configuration;
using DistBp.Cluster.Tests.Runs;
using DistBp.Cluster.Tests.Storage;
using DistBp.Cluster.Wire.Data;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Data.Shards;

namespace DistBp.Cluster.Tests.Wire.Data;

/// <summary>The job was submitted where its data lie in "there"; this node is asked to find them in "here".</summary>
public sealed class JobResolutionTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private DataNode? _node;
    private DataCache _cache = null!;

    public Task InitializeAsync()
    {
        _cache = new DataCache(_folder["cache"], 1 << 24);
        Directory.CreateDirectory(_folder["there"]);
        Directory.CreateDirectory(_folder["here"]);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        _cache.Dispose();
        if (_node is not null) await _node.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Own_files_are_used_and_missing_ones_are_fetched_under_their_names()
    {
        JobDescription job = WriteFlowers();
        File.Copy(_folder["there/train.csv"], _folder["here/train.csv"]);
        using (ResolvedJob resolved = await ResolveAsync(job))
        {
            Assert.Equal(_folder["here/train.csv"], ((CsvFile)resolved.Job.Data.Train!).Path);
            string test = ((CsvFile)resolved.Job.Data.Test!).Path;
            Assert.EndsWith("/test.csv", test, StringComparison.Ordinal);
            Assert.Equal(File.ReadAllText(_folder["there/test.csv"]), File.ReadAllText(test));
            Assert.Equal(JobFile.Hash(job), JobFile.Hash(resolved.Job));
            (Outcome expected, _) = await TestRun.WholeAsync(job with { BaseFolder = _folder["there"] });
            Assert.Equal(expected, (await TestRun.WholeAsync(resolved.Job)).Outcome);
        }
        Assert.Empty(Directory.GetFileSystemEntries(_cache.LinksFolder));
    }

    [Fact]
    public async Task A_file_that_differs_names_both_nodes_and_the_file()
    {
        JobDescription job = WriteFlowers();
        File.WriteAllText(_folder["here/train.csv"], "a,b,y\n1,2,u\n2,1,v\n");
        UserException error = await Assert.ThrowsAsync<UserException>(() => ResolveAsync(job));
        Assert.Equal((ErrorKind.Data, _folder["here/train.csv"]), (error.Kind, error.Problems[0].Where));
        Assert.StartsWith("the file of train/path on worker-1 is another one than on coordinator-0: SHA-256 ", error.Problems[0].What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shards_are_fetched_one_by_one_when_they_are_touched()
    {
        JobDescription job = WriteShards();
        Directory.CreateDirectory(_folder["here/shards/train"]);
        File.Copy(_folder["there/shards/train/x-00000.npy"], _folder["here/shards/train/x-00000.npy"]);
        using ResolvedJob resolved = await ResolveAsync(job);
        Dataset train = DataLoader.Load(resolved.Job.Data, job.Target, job.Seed, job.BaseFolder, locate: resolved.Locate).Train;
        // The manifest; the labels of the first shard, whose samples lie here; the second shard.
        Assert.Equal(1, CachedCount);
        train.Gather([0, 1], new float[128], new float[2]);
        Assert.Equal(2, CachedCount);
        train.Gather([250, 1], new float[128], new float[2]);
        Assert.Equal(4, CachedCount);
        Assert.Equal(JobFile.Hash(job), JobFile.Hash(resolved.Job));
    }

    [Fact]
    public async Task Only_the_shards_that_are_asked_for_are_fetched_ahead_and_each_from_a_node_that_has_it()
    {
        JobDescription job = WriteShards();
        using ResolvedJob resolved = await ResolveAsync(job, [1, 3]);
        string folder = _folder["there/shards/train"];
        string[] fetched = [.. ShardManifest.Load(folder).Files.Where(f => File.Exists(_folder[$"cache/{f.Sha256}"])).Select(f => f.File)];
        Assert.Equal(["x-00001.npy", "y-00001.npy", "x-00003.npy", "y-00003.npy"], fetched);
    }

    [Fact]
    public async Task A_shard_that_nobody_gives_or_that_differs_here_is_told_when_it_is_touched()
    {
        JobDescription job = WriteShards();
        Directory.CreateDirectory(_folder["here/shards/train"]);
        File.WriteAllText(_folder["here/shards/train/x-00000.npy"], "another");
        using ResolvedJob resolved = await ResolveAsync(job);
        File.Delete(_folder["there/shards/train/x-00001.npy"]);
        Dataset train = DataLoader.Load(resolved.Job.Data, job.Target, job.Seed, job.BaseFolder, locate: resolved.Locate).Train;
        UserException differs = Assert.Throws<UserException>(() => train.Gather([0], new float[64], new float[1]));
        Assert.Contains("train/x-00000.npy on worker-1 is another one than on coordinator-0", differs.Problems[0].What, StringComparison.Ordinal);
        UserException missing = Assert.Throws<UserException>(() => train.Gather([250], new float[64], new float[1]));
        Assert.Equal(ErrorKind.Cluster, missing.Kind);
        Assert.Contains("no node gives 'train/x-00001.npy' (coordinator-0: ", missing.Problems[0].What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_of_sounds_is_completed_from_both()
    {
        foreach (string name in new[] { "there/sounds/a_1.wav", "there/sounds/b/b_2.wav", "here/sounds/a_1.wav" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
            File.WriteAllText(_folder[name], Path.GetFileName(name));
        }
        JobDescription job = Parse("data: {format: wav, train: {folder: sounds, label: '{label}_*.wav'}}");
        using (ResolvedJob resolved = await ResolveAsync(job))
        {
            string folder = ((WavFolder)resolved.Job.Data.Train!).Folder;
            Assert.NotEqual(_folder["here/sounds"], folder);
            Assert.Equal("a_1.wav", File.ReadAllText(Path.Combine(folder, "a_1.wav")));
            Assert.Equal("b_2.wav", File.ReadAllText(Path.Combine(folder, "b/b_2.wav")));
        }
        File.WriteAllText(_folder["here/sounds/c_3.wav"], "more");
        UserException error = await Assert.ThrowsAsync<UserException>(() => ResolveAsync(job));
        Assert.Equal(_folder["here/sounds/c_3.wav"], error.Problems[0].Where);
    }

    private int CachedCount => Directory.GetFiles(_folder["cache"]).Count(f => Path.GetFileName(f).Length == 64);

    private async Task<ResolvedJob> ResolveAsync(JobDescription job, int[]? shards = null)
    {
        if (_node is not null) await _node.DisposeAsync();
        _node = await DataNode.StartAsync("coordinator-0", [.. JobFiles.Of(job with { BaseFolder = _folder["there"] })]);
        IReadOnlyList<NamedFile> files = await _node.Peer.DescribeAsync(DataNode.Patience, CancellationToken.None);
        return await JobResolution.RunAsync(job, new DataOrigin("coordinator-0", files, "worker-1", [_node.Peer]), _cache, shards, CancellationToken.None);
    }

    private JobDescription WriteFlowers()
    {
        foreach (string name in new[] { "there/train.csv", "there/test.csv" })
            File.WriteAllLines(_folder[name], ["a,b,y", .. Enumerable.Range(0, 40).Select(i => $"{i % 7},{i % 5},{(i % 2 == 0 ? "u" : "v")}")]);
        return Parse("data: {format: csv, train: {path: train.csv, label: y}, test: {path: test.csv}}");
    }

    private JobDescription WriteShards()
    {
        JobDescription digits = JobFile.Embedded([]);
        ShardConversion.Convert(digits.Data with { Validation = null, Test = null }, digits.Target, digits.Seed, digits.BaseFolder, _folder["there/shards"], 200);
        return Parse("data: {format: shards, train: {path: shards/train}, preprocess: [{divide: 16}]}");
    }

    private JobDescription Parse(string data) => JobFile.Parse(
        $"{data}\nmodel: {{layers: [{{dense: 4}}, relu, {{dense: {(data.Contains("shards", StringComparison.Ordinal) ? 10 : 2)}}}]}}\nloss: softmaxCrossEntropy\nbatch: 16\nepochs: 2\n",
        "test.yaml", [], "test", _folder["here"]);
}
