using System.Diagnostics;

namespace DistBp.Chaos.Processes;

/// <summary>A disk of its own, which can be full. Only root may mount one.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _path;

    private SmallDisk(string path) => _path = path;

    private string Ballast => Path.Combine(_path, "ballast");

    /// <param name="path">An empty folder.</param>
    /// <returns>Null where this user may not.</returns>
    public static SmallDisk? TryMount(string path, int mebibytes) =>
        OperatingSystem.IsLinux() && Environment.UserName == "root" && Run("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "tmpfs", path) == 0
            ? new SmallDisk(path) : null;

    /// <summary>Takes all that is free, also what others free meanwhile.</summary>
    public void Fill()
    {
        using var file = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 1);
        var page = new byte[4096];
        while (new DriveInfo(_path).AvailableFreeSpace >= page.Length)
        {
            try
            {
                file.Write(page);
            }
            catch (IOException)
            {
                // Somebody else was faster: it is full.
                return;
            }
        }
    }

    public void Free() => File.Delete(Ballast);

    public void Dispose() => _ = Run("umount", _path);

    private static int Run(string command, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
