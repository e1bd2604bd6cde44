using System.Security.Cryptography;
using DistBp.Learning.Data;

namespace DistBp.Learning.Tests.Data;

public sealed class FileHashesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_that_is_written_again_has_another_hash_at_once()
    {
        foreach (byte[] content in new byte[][] { [1, 2, 3], [3, 2, 1], [], [4] })
        {
            string path = _folder.Write("file", content);
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), FileHashes.Sha256(path));
        }
    }

    [Fact]
    public void A_settled_file_is_read_once()
    {
        string path = _folder.Write("file", [1, 2, 3]);
        DateTime longAgo = DateTime.UtcNow.AddHours(-1);
        File.SetLastWriteTimeUtc(path, longAgo);
        string hash = FileHashes.Sha256(path);
        // Another content under the same stamp shows that nobody looked.
        File.WriteAllBytes(path, [3, 2, 1]);
        File.SetLastWriteTimeUtc(path, longAgo);
        Assert.Equal(hash, FileHashes.Sha256(path));
    }

    [Fact]
    public void A_missing_file_is_bad_data()
    {
        UserException error = Assert.Throws<UserException>(() => FileHashes.Sha256(Path.Combine(_folder.Path, "none")));
        Assert.Equal(ErrorKind.Data, error.Kind);
    }
}
