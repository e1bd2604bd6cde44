using System.Security.Cryptography;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Storage;
using DistBp.Cluster.Wire.Data;
using DistBp.Cluster.Wire.Data.Contract;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Tests.Wire.Data;

public sealed class DataServiceTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _content = new byte[(3 << 20) + 17];
    private DataNode _node = null!;
    private NamedFile _file = null!;

    public async Task InitializeAsync()
    {
        new Random(1).NextBytes(_content);
        File.WriteAllBytes(_folder["x.npy"], _content);
        _file = new NamedFile("train/x", new FileDigest(_content.Length, Convert.ToHexStringLower(SHA256.HashData(_content))));
        _node = await DataNode.StartAsync("a", [new SharedFile("train/x", _folder["x.npy"])]);
    }

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_job_is_described_by_names_lengths_and_hashes() =>
        Assert.Equal([_file], await _node.Peer.DescribeAsync(DataNode.Patience, CancellationToken.None));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1 << 20)]
    [InlineData((3 << 20) + 17)]
    public async Task A_file_is_read_from_any_offset(int offset)
    {
        using var received = new MemoryStream();
        received.Write(_content.AsSpan(0, offset));
        await _node.Peer.ReadAsync(_file, received, CancellationToken.None);
        Assert.Equal(_content, received.ToArray());
    }

    [Fact]
    public async Task Only_the_files_of_known_jobs_can_be_asked_for_and_never_by_a_path()
    {
        await RefusedAsync(StatusCode.NotFound, new ReadRequest { Job = 8, Name = "train/x", Sha256 = _file.Digest.Sha256 });
        foreach (string name in new[] { _folder["x.npy"], "../x.npy", "train/../train/x", "x.npy", "", "/etc/passwd" })
            await RefusedAsync(StatusCode.NotFound, new ReadRequest { Job = DataNode.Job, Name = name, Sha256 = _file.Digest.Sha256 });
        await RefusedAsync(StatusCode.FailedPrecondition, new ReadRequest { Job = DataNode.Job, Name = "train/x", Sha256 = new string('0', 64) });
        await RefusedAsync(StatusCode.OutOfRange, new ReadRequest { Job = DataNode.Job, Name = "train/x", Sha256 = _file.Digest.Sha256, Offset = -1 });
        await RefusedAsync(StatusCode.OutOfRange, new ReadRequest { Job = DataNode.Job, Name = "train/x", Sha256 = _file.Digest.Sha256, Offset = 1L << 40 });
        _node.Files.Withdraw(DataNode.Job);
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => _node.Peer.DescribeAsync(DataNode.Patience, CancellationToken.None));
        Assert.Equal(StatusCode.NotFound, e.Status);
    }

    [Fact]
    public async Task A_file_that_has_gone_is_told_without_its_path()
    {
        File.Delete(_folder["x.npy"]);
        RpcException e = await RefusedAsync(StatusCode.NotFound, new ReadRequest { Job = DataNode.Job, Name = "train/x", Sha256 = _file.Digest.Sha256 });
        Assert.DoesNotContain(_folder.Path, e.Detail, StringComparison.Ordinal);
    }

    private async Task<RpcException> RefusedAsync(StatusCode status, ReadRequest request)
    {
        using ClientCall<ReadRequest, DataChunk> call = _node.Channel.Call(DataService.Read, timeout: DataNode.Patience);
        await call.WriteLastAsync(request);
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await call.ReadAsync());
        Assert.Equal(status, e.Status);
        return e;
    }
}
