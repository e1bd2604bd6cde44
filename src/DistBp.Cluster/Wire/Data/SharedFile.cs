using DistBp.Cluster.Storage;
using DistBp.Learning.Data;

namespace DistBp.Cluster.Wire.Data;

/// <summary>A file of a job's data on this node.</summary>
/// <param name="Name">What the job calls it: "train/x", "test/path", "train/x-00003.npy" of a folder.</param>
/// <param name="Declared">What a manifest says of it; null: it is found by reading the file.</param>
internal sealed record SharedFile(string Name, string Path, FileDigest? Declared = null)
{
    /// <summary>Reads the whole file where no manifest says it, once a process.</summary>
    public NamedFile Describe()
    {
        if (Declared is { } declared) return new NamedFile(Name, declared);
        string sha256 = FileHashes.Sha256(Path);
        return new NamedFile(Name, new FileDigest(FileHashes.LengthOf(Path), sha256));
    }
}

/// <summary>A file of a job's data, wherever it lies.</summary>
/// <param name="Name">As in <see cref="SharedFile"/>.</param>
internal sealed record NamedFile(string Name, FileDigest Digest);
