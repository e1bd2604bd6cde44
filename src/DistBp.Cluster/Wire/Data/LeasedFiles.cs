using System.Collections.Concurrent;

namespace DistBp.Cluster.Wire.Data;

/// <summary>Files of a cache in use, and a folder in which they have the names that the job gives them.</summary>
internal sealed class LeasedFiles : IDisposable
{
    private readonly ConcurrentBag<CachedFile> _leases = [];
    private readonly string _folder;

    /// <param name="linksFolder">The folder of names is made in it.</param>
    public LeasedFiles(string linksFolder) => _folder = Path.Combine(linksFolder, Guid.NewGuid().ToString("N"));

    /// <summary>Until all is disposed of.</summary>
    public string Keep(CachedFile file)
    {
        _leases.Add(file);
        return file.Path;
    }

    /// <param name="name">Relative, of this job alone.</param>
    /// <returns>A path that ends with the name.</returns>
    public string Link(CachedFile file, string name)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.CreateSymbolicLink(path, Keep(file));
        return path;
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
        while (_leases.TryTake(out CachedFile? lease)) lease.Dispose();
    }
}
