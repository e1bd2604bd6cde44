using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>The checkpoints of a run: in its folder, and, where the job wants it, in a second place too (checkpoint.mirror).</summary>
internal sealed class CheckpointPlaces : IAsyncDisposable
{
    private readonly CheckpointStore _store;
    private readonly CheckpointMirror? _mirror;

    private CheckpointPlaces(CheckpointStore store, CheckpointMirror? mirror)
    {
        (_store, _mirror) = (store, mirror);
        if (mirror is not null) store.IsHeld = mirror.Needs;
    }

    /// <summary>Of the first place.</summary>
    public string Folder => _store.Folder;

    /// <summary>See <see cref="CheckpointStore.GoodUpTo"/>.</summary>
    public long GoodUpTo
    {
        set
        {
            _store.GoodUpTo = value;
            if (_mirror is not null) _mirror.GoodUpTo = value;
        }
    }

    /// <summary>See <see cref="CheckpointStore.Require"/>.</summary>
    public Action Require
    {
        set => _store.Require = value;
    }

    /// <summary>See <see cref="CheckpointStore.Leftover"/>.</summary>
    public string? Leftover => _store.Leftover;

    /// <summary>Where a mirror has the checkpoints of a run: in a folder that is called as the run's.</summary>
    public static string? MirrorOf(string runFolder, string? mirror, string baseFolder) => mirror is null ? null
        : Path.Combine(Path.GetFullPath(mirror, baseFolder), Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(runFolder))));

    /// <summary>For the one process that trains: see <see cref="CheckpointStore.OpenForWriting"/>.</summary>
    /// <param name="mirror">As of <see cref="MirrorOf"/>; null: there is no second place.</param>
    /// <param name="isNew">The run has no past: so the mirror must not have checkpoints that are called as its own.</param>
    /// <param name="warn">What goes wrong in the second place; called from any thread.</param>
    /// <exception cref="UserException">The first place is not writable, or the second one has another run's checkpoints.</exception>
    public static CheckpointPlaces OpenForWriting(string folder, int keep, string? mirror, bool isNew, Action<string> warn)
    {
        CheckpointStore store = CheckpointStore.OpenForWriting(folder, keep);
        if (mirror is null) return new CheckpointPlaces(store, null);
        if (Path.GetFullPath(mirror) == Path.GetFullPath(folder))
            throw new UserException(ErrorKind.Usage, "the second place for checkpoints is the first one", mirror, "set checkpoint.mirror to a folder on another disk");
        var second = new CheckpointMirror(mirror, keep, warn);
        if (isNew && second.HasCheckpoints())
        {
            throw new UserException(
                ErrorKind.Usage, "checkpoint.mirror has checkpoints of another run of this name", mirror,
                "choose another folder with --out, add --resume to go on with that run, or delete them");
        }
        return new CheckpointPlaces(store, second);
    }

    /// <summary>See <see cref="CheckpointStore.Save"/>. The copy of the second place follows by itself; what the first place refuses goes there alone.</summary>
    /// <returns>Its folder, and why it is not in the first place.</returns>
    /// <exception cref="UserException">Neither place takes it.</exception>
    public (string Folder, UserException? Refusal) Save(CheckpointContent content)
    {
        try
        {
            string folder = _store.Save(content);
            _mirror?.Copy(folder);
            return (folder, null);
        }
        catch (UserException refusal) when (_mirror is not null)
        {
            if (_mirror.Save(content) is { } second) return (second, refusal);
            throw;
        }
    }

    /// <summary>The newest intact one of both places, the first place's where both have it.</summary>
    /// <exception cref="UserException">All are damaged (Checkpoint), or the newest intact one is of another model or job (Usage).</exception>
    public CheckpointSearch FindNewestIntact(CheckpointIdentity expected)
    {
        CheckpointSearch search = FindNewestIntact(_store, _mirror);
        if (search.Checkpoint is { } checkpoint) CheckpointComparison.Require(checkpoint, expected);
        return search;
    }

    /// <summary>For looking only: changes nothing on the disk.</summary>
    /// <exception cref="UserException">All are damaged (Checkpoint).</exception>
    public static CheckpointSearch FindNewestIntact(string folder, string? mirror) => FindNewestIntact(
        CheckpointStore.OpenForReading(folder), mirror is null ? null : new CheckpointMirror(mirror, 1, _ => { }));

    /// <summary>See <see cref="CheckpointStore.KeepGood"/>.</summary>
    public string? KeepGood()
    {
        string? good = _store.KeepGood(), second = _mirror?.KeepGood(isElsewhere: good is not null);
        return good is null || (second is not null && CheckpointStore.StepOf(second) > CheckpointStore.StepOf(good)) ? second : good;
    }

    /// <summary>Waits for the second place, within its bound.</summary>
    public Task FinishAsync() => _mirror?.FinishAsync() ?? Task.CompletedTask;

    /// <summary>See <see cref="CheckpointStore.EndGood"/>.</summary>
    public void EndGood()
    {
        _store.EndGood();
        _mirror?.EndGood();
    }

    /// <summary>A run that fails leaves no copy half done either.</summary>
    public async ValueTask DisposeAsync() => await FinishAsync().ConfigureAwait(false);

    private static CheckpointSearch FindNewestIntact(CheckpointStore store, CheckpointMirror? mirror)
    {
        CheckpointSearch here = store.Search();
        CheckpointSearch there = mirror?.Search(here.Checkpoint?.Position.Step ?? -1) ?? new CheckpointSearch(null, []);
        CheckpointSearch both = new(there.Checkpoint ?? here.Checkpoint, [.. here.Damaged, .. there.Damaged]);
        return both.Checkpoint is null && both.Damaged.Count > 0 ? throw CheckpointStore.AllDamaged(both.Damaged) : both;
    }
}
