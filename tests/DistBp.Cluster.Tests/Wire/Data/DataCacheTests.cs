using System.Security.Cryptography;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Storage;
using DistBp.Cluster.Wire.Data;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Wire.Data;

public sealed class DataCacheTests : IAsyncLifetime
{
    private const long Plenty = 1 << 20;
    private readonly TemporaryFolder _folder = new();
    private readonly List<DataNode> _nodes = [];
    private readonly byte[] _content = new byte[4500];
    private NamedFile _file = null!;

    public Task InitializeAsync()
    {
        new Random(1).NextBytes(_content);
        _file = Named("train/x", _content);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        foreach (DataNode node in _nodes) await node.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_file_is_fetched_once_and_found_again_by_a_later_process()
    {
        var node = new FaultyNode(_content);
        DataPeer peer = await StartAsync("a", node);
        using (DataCache cache = Cache())
        {
            CachedFile[] files = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => cache.GetAsync(_file, [peer], CancellationToken.None)));
            Assert.All(files, f => Assert.Equal(_content, File.ReadAllBytes(f.Path)));
        }
        using (DataCache cache = Cache()) await cache.GetAsync(_file, [], CancellationToken.None);
        Assert.Equal([0], node.Offsets);
    }

    [Fact]
    public async Task A_break_is_resumed_where_it_was_by_the_same_node_and_then_by_the_next()
    {
        FaultyNode breaking = new(_content) { BreaksAfter = 2 }, whole = new(_content), never = new(_content) { BreaksAfter = 0 };
        using DataCache cache = Cache();
        await cache.GetAsync(_file, [await StartAsync("never", never), await StartAsync("breaking", breaking)], CancellationToken.None);
        Assert.Equal([0], never.Offsets);
        Assert.Equal([0, 2000, 4000], breaking.Offsets);

        NamedFile other = Named("train/y", _content[..4400]);
        FaultyNode half = new(_content[..4400]) { StallsAfter = 3 }, rest = new(_content[..4400]);
        CachedFile file = await cache.GetAsync(
            other, [await StartAsync("half", half, TimeSpan.FromSeconds(0.5)), await StartAsync("rest", rest)], CancellationToken.None);
        Assert.Equal(_content[..4400], File.ReadAllBytes(file.Path));
        Assert.Equal(0, half.Offsets[0]);
    }

    [Fact]
    public async Task What_an_earlier_process_left_half_is_finished()
    {
        Directory.CreateDirectory(_folder["cache"]);
        File.WriteAllBytes(Path.Combine(_folder["cache"], _file.Digest.Sha256 + ".part"), _content[..1234]);
        var node = new FaultyNode(_content);
        using DataCache cache = Cache();
        using CachedFile file = await cache.GetAsync(_file, [await StartAsync("a", node)], CancellationToken.None);
        Assert.Equal(_content, File.ReadAllBytes(file.Path));
        Assert.Equal([1234], node.Offsets);
    }

    [Fact]
    public async Task A_wrong_beginning_is_fetched_anew_and_a_wrong_content_or_checksum_never_used()
    {
        Directory.CreateDirectory(_folder["cache"]);
        File.WriteAllBytes(Path.Combine(_folder["cache"], _file.Digest.Sha256 + ".part"), new byte[1234]);
        var right = new FaultyNode(_content);
        using DataCache cache = Cache();
        using (CachedFile file = await cache.GetAsync(_file, [await StartAsync("right", right)], CancellationToken.None))
            Assert.Equal(_content, File.ReadAllBytes(file.Path));
        Assert.Equal([1234, 0], right.Offsets);

        NamedFile other = Named("train/y", _content[1..]);
        FaultyNode wrong = new(_content[..^1]), spoiling = new(_content[1..]) { SpoilsChecksums = true };
        UserException error = await Assert.ThrowsAsync<UserException>(
            async () => await cache.GetAsync(other, [await StartAsync("liar", wrong), await StartAsync("noisy", spoiling)], CancellationToken.None));
        Assert.Equal(ErrorKind.Cluster, error.Kind);
        Assert.Contains("no node gives 'train/y' (liar: what it sent has another SHA-256; noisy: the checksum", error.Problems[0].What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_was_damaged_on_disk_is_fetched_again()
    {
        var node = new FaultyNode(_content);
        DataPeer peer = await StartAsync("a", node);
        using DataCache cache = Cache();
        using (CachedFile file = await cache.GetAsync(_file, [peer], CancellationToken.None)) File.WriteAllBytes(file.Path, new byte[_content.Length]);
        using CachedFile again = await cache.GetAsync(_file, [peer], CancellationToken.None);
        Assert.Equal(_content, File.ReadAllBytes(again.Path));
        Assert.Equal(2, node.Offsets.Count);
    }

    [Fact]
    public async Task What_was_used_longest_ago_makes_room_and_what_is_in_use_never_does()
    {
        byte[][] contents = [.. Enumerable.Range(0, 4).Select(i => _content[i..(i + 1000)])];
        NamedFile[] files = [.. contents.Select((c, i) => Named($"train/{i}", c))];
        DataPeer[][] peers = [.. await Task.WhenAll(contents.Select(async (c, i) => new[] { await StartAsync($"n{i}", new FaultyNode(c)) }))];
        using DataCache cache = Cache(3000);
        CachedFile inUse = await cache.GetAsync(files[0], peers[0], CancellationToken.None);
        for (int i = 1; i < 3; i++) (await cache.GetAsync(files[i], peers[i], CancellationToken.None)).Dispose();
        (await cache.GetAsync(files[1], [], CancellationToken.None)).Dispose();
        using CachedFile last = await cache.GetAsync(files[3], peers[3], CancellationToken.None);
        Assert.Equal([true, true, false, true], files.Select(IsThere));
        Assert.Equal(3000, cache.UsedBytes);
        using CachedFile second = await cache.GetAsync(files[1], [], CancellationToken.None);
        UserException full = await Assert.ThrowsAsync<UserException>(() => cache.GetAsync(files[2], peers[2], CancellationToken.None));
        Assert.Contains("has no room for 'train/2' of 1,000", full.Problems[0].What, StringComparison.Ordinal);
        inUse.Dispose();
        using CachedFile third = await cache.GetAsync(files[2], peers[2], CancellationToken.None);
        Assert.False(IsThere(files[0]));

        bool IsThere(NamedFile file) => File.Exists(Path.Combine(_folder["cache"], file.Digest.Sha256));
    }

    [Fact]
    public async Task A_cache_belongs_to_one_process_and_nobody_is_asked_with_no_peers()
    {
        using DataCache cache = Cache(), second = Cache();
        UserException alone = await Assert.ThrowsAsync<UserException>(() => cache.GetAsync(_file, [], CancellationToken.None));
        Assert.Equal(ErrorKind.Usage, (await Assert.ThrowsAsync<UserException>(() => second.GetAsync(_file, [], CancellationToken.None))).Kind);
        Assert.Contains("there is no other node", alone.Problems[0].What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_fetch_ends_at_once()
    {
        using DataCache cache = Cache();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(0.3));
        DataPeer peer = await StartAsync("a", new FaultyNode(_content) { StallsAfter = 1 });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cache.GetAsync(_file, [peer], stop.Token).WaitAsync(DataNode.Patience));
    }

    private static NamedFile Named(string name, byte[] content) => new(name, new FileDigest(content.Length, Convert.ToHexStringLower(SHA256.HashData(content))));

    private DataCache Cache(long limit = Plenty) => new(_folder["cache"], limit);

    private async Task<DataPeer> StartAsync(string name, FaultyNode service, TimeSpan? patience = null)
    {
        DataNode node = await DataNode.StartAsync(name, [], service.AddTo, patience);
        lock (_nodes) _nodes.Add(node);
        return node.Peer;
    }
}
