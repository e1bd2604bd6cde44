using System.Globalization;
using System.Text;
using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>
/// A folder that this process alone uses: the lock on its file .lock ends with the process however that ends, so a crash blocks nobody. The file itself
/// stays (deleting it would let two processes each lock their own).
/// </summary>
internal sealed class FolderLock : IDisposable
{
    public const string FileName = ".lock";

    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <param name="create">Whether the folder is made where there is none.</param>
    /// <param name="subject">"the run's folder".</param>
    /// <param name="held">What another process does there, in a sentence.</param>
    /// <param name="otherwise">"choose another folder with --out".</param>
    /// <exception cref="UserException">Another process holds it, or it is not writable.</exception>
    public static FolderLock Take(string folder, bool create, string subject, string held, string otherwise)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            if (create) Directory.CreateDirectory(folder);
            // On Unix FileShare.None is flock(LOCK_EX | LOCK_NB): the kernel drops it when the process ends.
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
            file.SetLength(0);
            file.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            file.Flush();
            return new FolderLock(file);
        }
        catch (IOException e) when (File.Exists(path) && IsHeld(path))
        {
            throw new UserException(ErrorKind.Usage, held, folder, $"wait for it, or {otherwise}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(ErrorKind.Usage, $"cannot use {subject}: {e.Message}", folder, $"make it writable, or {otherwise}", e);
        }
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Tells "locked" from "the disk is full": the lock can be asked for without writing.</summary>
    private static bool IsHeld(string path)
    {
        try
        {
            using FileStream probe = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
