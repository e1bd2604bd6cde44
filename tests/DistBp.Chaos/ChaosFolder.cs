using DistBp.Chaos.Processes;

namespace DistBp.Chaos;

/// <summary>Where all files of the runner lie: logs, state, the runs (on a small disk, where one can be mounted).</summary>
internal sealed class ChaosFolder : IDisposable
{
    private const int DiskMebibytes = 128;
    private readonly bool _isKept;

    /// <param name="path">Is kept; null: a temporary one.</param>
    public ChaosFolder(string? path, bool wantsDisk)
    {
        _isKept = path is not null;
        Path = path is null ? Directory.CreateTempSubdirectory("distbp-chaos-").FullName : Directory.CreateDirectory(path).FullName;
        Directory.CreateDirectory(this["runs"]);
        if (wantsDisk) Disk = SmallDisk.TryMount(this["runs"], DiskMebibytes);
    }

    public string Path { get; }

    /// <summary>Null: there is none, and it cannot be full.</summary>
    public SmallDisk? Disk { get; }

    /// <summary>Something was wrong: the files are needed.</summary>
    public bool MustStay { get; set; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        bool stays = _isKept || MustStay;
        if (Disk is not null)
        {
            if (stays) Copy(this["runs"], this["runs-of-the-small-disk"]);
            Disk.Dispose();
        }
        if (!stays) Directory.Delete(Path, recursive: true);
    }

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = System.IO.Path.Combine(to, System.IO.Path.GetRelativePath(from, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }
}
