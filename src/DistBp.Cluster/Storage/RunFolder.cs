using System.Globalization;
using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>The folder of a run, held by this process alone.</summary>
public sealed class RunFolder : IDisposable
{
    private const int MaxSameSecondRuns = 100;
    private readonly FolderLock _lock;

    private RunFolder(string folder, FolderLock heldLock)
    {
        Paths = new RunPaths(folder);
        _lock = heldLock;
    }

    public RunPaths Paths { get; }

    /// <summary>Creates &lt;runs&gt;/&lt;name&gt;-&lt;yyyyMMdd-HHmmss&gt; (local time; -2, -3, … when that second is taken).</summary>
    /// <exception cref="UserException">The place is not writable.</exception>
    public static RunFolder CreateNamed(string runs, string name, TimeProvider time)
    {
        string stem = Path.Combine(runs, $"{name}-{time.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}");
        for (int attempt = 1; attempt <= MaxSameSecondRuns; attempt++)
        {
            string folder = attempt == 1 ? stem : string.Create(CultureInfo.InvariantCulture, $"{stem}-{attempt}");
            if (Directory.Exists(folder)) continue;
            return CreateAt(folder);
        }
        throw new UserException(ErrorKind.Usage, "too many runs of this name began in the same second", stem, "choose a folder with --out");
    }

    /// <summary>Creates the folder that --out names; an empty one may exist.</summary>
    /// <exception cref="UserException">It has files, another process trains in it, or it is not writable.</exception>
    public static RunFolder CreateAt(string folder)
    {
        FolderLock held = Lock(folder, create: true);
        string? first = Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).FirstOrDefault(f => f != FolderLock.FileName);
        if (first is null) return new RunFolder(folder, held);
        held.Dispose();
        throw new UserException(
            ErrorKind.Usage, $"the folder exists and is not empty (it has {first})", folder,
            "add --resume to go on with the run in it, choose another folder with --out, or delete it");
    }

    /// <summary>Opens the folder of an earlier run to go on with it.</summary>
    /// <param name="fences">
    /// Whoever holds the folder has no right to it any more, and may not know: it keeps a lock and files that have no name any more, so that a process that stood
    /// still in the middle of a write to the ledger or the events finishes it where nobody reads it.
    /// </param>
    /// <exception cref="UserException">There is no such run, or another process trains in it.</exception>
    public static RunFolder Resume(string folder, bool fences = false)
    {
        if (!Directory.Exists(folder))
            throw new UserException(ErrorKind.Usage, "there is no run to resume", folder, "check --out, or leave out --resume to start a new run there");
        if (fences) Fence(folder);
        return new RunFolder(folder, Lock(folder, create: false));
    }

    public void Dispose() => _lock.Dispose();

    private static void Fence(string folder)
    {
        var paths = new RunPaths(folder);
        try
        {
            File.Delete(Path.Combine(folder, FolderLock.FileName));
            foreach (string appended in new[] { paths.Ledger, paths.Events }.Where(File.Exists)) DurableFile.Renew(appended);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.CannotWrite("the run's folder", folder, 0, e);
        }
    }

    private static FolderLock Lock(string folder, bool create) => FolderLock.Take(
        folder, create, "the run's folder", "another distbp is training in this folder", "choose another folder with --out");
}
