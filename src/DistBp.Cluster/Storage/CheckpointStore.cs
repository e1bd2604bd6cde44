using System.Globalization;
using DistBp.Cluster.Rendezvous;
using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>A checkpoint that cannot be used.</summary>
public sealed record DamagedCheckpoint(string Folder, string Why);

/// <summary>What a search found: the newest intact checkpoint (or none at all), and the damaged ones that are newer.</summary>
public sealed record CheckpointSearch(Checkpoint? Checkpoint, IReadOnlyList<DamagedCheckpoint> Damaged);

/// <summary>
/// The checkpoints of a run: folders step-000001200. One is written under a temporary name, flushed, and renamed, so a folder with a final
/// name is complete unless the disk damaged it later. Rotation counts intact checkpoints only: those that this store has written or verified.
/// It deletes what is older than the newest `keep` of them, intact or damaged, and never anything newer; a checkpoint that is not known to
/// be intact is verified before it may stand for one of the `keep`. Beside them stays the newest one that is good, where none of them is:
/// good are those whose parameters have given a finite loss, which shows only at the next step.
/// </summary>
public sealed class CheckpointStore
{
    private const string Prefix = "step-";
    private const string WritingPrefix = ".writing-";
    private const string ReplacedPrefix = ".replaced-";
    private readonly HashSet<string> _intact = new(StringComparer.Ordinal);
    private readonly int _keep;
    private long _goodUpTo = long.MaxValue;

    private CheckpointStore(string folder, int keep)
    {
        Folder = folder;
        _keep = keep;
    }

    public string Folder { get; }

    /// <summary>Checkpoints of this step and those before are good; at first all are. Set from any thread.</summary>
    public long GoodUpTo
    {
        get => Interlocked.Read(ref _goodUpTo);
        set => Interlocked.Exchange(ref _goodUpTo, value);
    }

    /// <summary>Whether somebody reads a checkpoint of these still, which then stays until the next rotation. Asked from the thread that writes.</summary>
    internal Func<string, bool> IsHeld { get; set; } = _ => false;

    /// <summary>
    /// Whether nobody waits for the write under way any longer: then it is not published, for what it was to write may have changed meanwhile.
    /// </summary>
    internal Func<bool> IsGivenUp { get; set; } = () => false;

    /// <summary>
    /// Throws where the run is this process's no more: then a checkpoint is not published, and what lies half written is left alone, for it may be the other's.
    /// </summary>
    internal Action Require { get; set; } = () => { };

    /// <summary>Why old checkpoints could not be deleted the last time; null where they could.</summary>
    public string? Leftover { get; private set; }

    /// <summary>For the one process that trains: creates the folder and clears away what a killed process left half done.</summary>
    /// <param name="keep">Intact checkpoints to keep, at least 1.</param>
    /// <exception cref="UserException">The folder is not writable.</exception>
    public static CheckpointStore OpenForWriting(string folder, int keep)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        var store = new CheckpointStore(folder, keep);
        try
        {
            Directory.CreateDirectory(folder);
            DurableFolder.Flush(Path.GetDirectoryName(Path.GetFullPath(folder)) ?? folder);
            store.Recover();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.CannotWrite("checkpoints", folder, 0, e);
        }
        return store;
    }

    /// <summary>For looking only: changes nothing on the disk.</summary>
    public static CheckpointStore OpenForReading(string folder) => new(folder, int.MaxValue);

    /// <summary>Writes a checkpoint; when this returns it is on the disk. One of the same step is replaced.</summary>
    /// <returns>Its folder.</returns>
    /// <exception cref="UserException">The disk is full or not writable: nothing that was there before is harmed.</exception>
    public string Save(CheckpointContent content)
    {
        try
        {
            return Write(content.Position.Step, folder => CheckpointDraft.Write(folder, content));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.CannotWrite($"the checkpoint of step {content.Position.Step}", Folder, CheckpointDraft.BytesNeeded(content), e);
        }
    }

    /// <summary>Takes a copy of a finished checkpoint of another folder. One of the same step is replaced.</summary>
    /// <param name="copied">As of <see cref="CheckpointCopy"/>.</param>
    /// <returns>Its folder here.</returns>
    /// <exception cref="IOException">A disk failed, or what was to be copied is damaged: nothing that was here before is harmed.</exception>
    internal string Import(string folder, Action<int> copied) => Write(StepOf(folder), draft => CheckpointCopy.Write(folder, draft, copied));

    /// <summary>Verifies checkpoints from the newest on until one is intact.</summary>
    /// <exception cref="UserException">There are checkpoints, and all are damaged (Checkpoint).</exception>
    public CheckpointSearch FindNewestIntact()
    {
        CheckpointSearch search = Search();
        return search.Checkpoint is null && search.Damaged.Count > 0 ? throw AllDamaged(search.Damaged) : search;
    }

    /// <summary>The same, for the run that it must belong to.</summary>
    /// <exception cref="UserException">All are damaged (Checkpoint), or the newest intact one is of another model or job (Usage).</exception>
    public CheckpointSearch FindNewestIntact(CheckpointIdentity expected)
    {
        CheckpointSearch search = FindNewestIntact();
        if (search.Checkpoint is { } checkpoint) CheckpointComparison.Require(checkpoint, expected);
        return search;
    }

    internal static UserException AllDamaged(IReadOnlyList<DamagedCheckpoint> damaged) => new(ErrorKind.Checkpoint, [.. damaged.Select(d => new Problem(
        $"the checkpoint is damaged: {d.Why}", d.Folder, "restore it from a copy, or train again into another folder: no checkpoint here is intact"))]);

    /// <summary>The same without an error: where none is intact, <see cref="CheckpointSearch.Checkpoint"/> is null.</summary>
    internal CheckpointSearch Search()
    {
        var damaged = new List<DamagedCheckpoint>();
        foreach (string folder in NewestFirst())
        {
            (Checkpoint? checkpoint, string why) = Checkpoint.Verify(folder);
            if (checkpoint is not null)
            {
                _intact.Add(folder);
                return new CheckpointSearch(checkpoint, damaged);
            }
            damaged.Add(new DamagedCheckpoint(folder, why));
        }
        return new CheckpointSearch(null, damaged);
    }

    /// <summary>The run has gone astray: deletes the checkpoints that are newer than the newest good one, where there is one.</summary>
    /// <returns>Its folder; null where there is none, and nothing is deleted.</returns>
    public string? KeepGood()
    {
        string? good = NewestFirst().FirstOrDefault(folder => IsGood(folder) && (_intact.Contains(folder) || IsIntact(folder)));
        if (good is null) return null;
        DropNewerThan(StepOf(good));
        return good;
    }

    internal void DropNewerThan(long step)
    {
        foreach (string newer in NewestFirst().TakeWhile(folder => StepOf(folder) > step).ToArray()) DeleteFolder(newer);
        _intact.RemoveWhere(f => !Directory.Exists(f));
    }

    /// <summary>The run has come to a good end: so is its last checkpoint, and those beyond `keep` go.</summary>
    public void EndGood()
    {
        GoodUpTo = long.MaxValue;
        TryRotate();
    }

    /// <summary>Folders of all checkpoints, intact or not.</summary>
    public IEnumerable<string> NewestFirst()
    {
        if (!Directory.Exists(Folder)) return [];
        return Directory.EnumerateDirectories(Folder, Prefix + "*")
            .Select(path => (Path: path, Step: StepOf(path)))
            .Where(c => c.Step >= 0)
            .OrderByDescending(c => c.Step)
            .Select(c => c.Path);
    }

    /// <summary>Of a checkpoint's folder; -1 where its name is not one's.</summary>
    internal static long StepOf(string path) =>
        long.TryParse(Path.GetFileName(path).AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? step : -1;

    private string Write(long step, Action<string> write)
    {
        string name = Prefix + step.ToString("D9", CultureInfo.InvariantCulture);
        string target = Path.Combine(Folder, name), writing = Path.Combine(Folder, WritingPrefix + name);
        try
        {
            DeleteFolder(writing);
            write(writing);
            Require();
            if (IsGivenUp()) throw new IOException("it was given up");
            Publish(writing, target, Path.Combine(Folder, ReplacedPrefix + name));
        }
        catch (Exception failure) when (failure is not ReignEndedException)
        {
            Discard();
            throw;
        }
        _intact.Add(target);
        TryRotate();
        return target;
    }

    /// <summary>The old one of the same step steps aside, the new one takes its name; <see cref="Recover"/> undoes a kill in between.</summary>
    private void Publish(string writing, string target, string replaced)
    {
        _intact.Remove(target);
        DeleteFolder(replaced);
        if (Directory.Exists(target)) Directory.Move(target, replaced);
        Directory.Move(writing, target);
        DurableFolder.Flush(Folder);
        DeleteFolder(replaced);
    }

    private void Recover()
    {
        foreach (string replaced in Directory.GetDirectories(Folder, ReplacedPrefix + "*"))
        {
            string target = Path.Combine(Folder, Path.GetFileName(replaced)[ReplacedPrefix.Length..]);
            if (Directory.Exists(target)) DeleteFolder(replaced);
            else Directory.Move(replaced, target);
        }
        foreach (string writing in Directory.GetDirectories(Folder, WritingPrefix + "*")) DeleteFolder(writing);
    }

    /// <summary>What cannot be deleted stays: the new checkpoint is on the disk all the same.</summary>
    private void TryRotate()
    {
        try
        {
            Rotate();
            Leftover = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Leftover = e.Message;
        }
    }

    private void Rotate()
    {
        int intact = 0;
        bool good = false;
        foreach (string folder in NewestFirst().ToArray())
        {
            if (intact >= _keep && (good || !IsGood(folder)))
            {
                if (!IsHeld(folder)) DeleteFolder(folder);
            }
            else if (_intact.Contains(folder) || IsIntact(folder))
            {
                intact++;
                good |= IsGood(folder);
            }
        }
        _intact.RemoveWhere(f => !Directory.Exists(f));
    }

    private bool IsGood(string folder) => StepOf(folder) <= GoodUpTo;

    private bool IsIntact(string folder)
    {
        if (Checkpoint.Verify(folder).Checkpoint is null) return false;
        _intact.Add(folder);
        return true;
    }

    /// <summary>
    /// Renamed first, so that a kill in the middle leaves no half-deleted folder under a checkpoint's name.
    /// </summary>
    private void DeleteFolder(string folder)
    {
        if (!Directory.Exists(folder)) return;
        string doomed = folder;
        if (Path.GetFileName(folder).StartsWith(Prefix, StringComparison.Ordinal))
        {
            doomed = Path.Combine(Folder, WritingPrefix + Path.GetFileName(folder));
            DeleteFolder(doomed);
            Directory.Move(folder, doomed);
        }
        Directory.Delete(doomed, recursive: true);
    }

    /// <summary>After a failed write: what stepped aside gets its name back, the half-written folder goes.</summary>
    private void Discard()
    {
        try
        {
            Recover();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk that refused the write may refuse this too; the user is told of the write, and the next start clears it away.
        }
    }
}
