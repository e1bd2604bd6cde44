using System.Diagnostics;

namespace DistBp.Cluster.Tests.Storage;

/// <summary>A disk of its own, of so many bytes, which can be full. Only root may mount one.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const string Ballast = "ballast";
    private readonly TemporaryFolder _folder = new();

    private SmallDisk() => Directory.CreateDirectory(Path);

    public string Path => _folder["disk"];

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <returns>Null where this user may not: what the disk's refusal does is then tested with a file in the way alone.</returns>
    public static SmallDisk? TryMount(int kibibytes)
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root") return null;
        var disk = new SmallDisk();
        if (Run("mount", "-t", "tmpfs", "-o", $"size={kibibytes}k", "tmpfs", disk.Path) == 0) return disk;
        disk._folder.Dispose();
        return null;
    }

    /// <summary>Leaves so many bytes free.</summary>
    public void Fill(long free = 0)
    {
        using FileStream file = new(this[Ballast], FileMode.OpenOrCreate, FileAccess.Write);
        file.SetLength(0);
        long available = new DriveInfo(Path).AvailableFreeSpace;
        var page = new byte[4096];
        for (long written = 0; written + page.Length <= available - free; written += page.Length) file.Write(page);
    }

    public void Free() => File.Delete(this[Ballast]);

    public void MakeReadOnly() => Assert.Equal(0, Run("mount", "-o", "remount,ro", Path));

    public void MakeWritable() => Assert.Equal(0, Run("mount", "-o", "remount,rw", Path));

    public void Dispose()
    {
        Assert.Equal(0, Run("umount", Path));
        _folder.Dispose();
    }

    private static int Run(string command, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
