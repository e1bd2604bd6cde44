using System.ComponentModel;
using System.Runtime.InteropServices;

namespace DistBp.Cluster.Storage;

/// <summary>
/// Makes the names in a folder durable. On POSIX systems a rename is on the disk only after fsync of the folder, which .NET offers for files
/// alone; Windows journals names by itself, so there it is a no-op.
/// </summary>
internal static partial class DurableFolder
{
    private const int ReadOnly = 0;
    private const int InvalidArgument = 22;

    /// <exception cref="IOException">The disk failed.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        int descriptor = OpenFile(folder, ReadOnly);
        if (descriptor < 0) throw Failed(folder);
        try
        {
            // EINVAL: a file system that cannot synchronize folders, and then need not.
            if (Synchronize(descriptor) != 0 && Marshal.GetLastPInvokeError() != InvalidArgument) throw Failed(folder);
        }
        finally
        {
            _ = CloseFile(descriptor);
        }
    }

    private static IOException Failed(string folder) =>
        new($"cannot flush the folder {folder} to the disk: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Synchronize(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int CloseFile(int descriptor);
}
