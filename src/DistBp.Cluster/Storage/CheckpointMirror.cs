using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>
/// The second place of a run's checkpoints. Each finished one is copied there on a thread of its own, and of those that finish meanwhile the newest. The
/// place may fail or stand still, as a network's does: training never waits for it, its end no longer than <see cref="MaxStandstill"/> after the
/// last byte, and what goes wrong is a warning.
/// </summary>
internal sealed class CheckpointMirror
{
    /// <summary>In which a copy, or the answer to a question, makes no progress, until the place counts as lost for this run.</summary>
    public static readonly TimeSpan MaxStandstill = TimeSpan.FromSeconds(30);

    /// <summary>What a place that is not lost reads at least.</summary>
    private const double LeastBytesPerSecond = 10e6;

    private readonly string _folder;
    private readonly int _keep;
    private readonly TimeSpan _maxStandstill;
    private readonly Action<string> _warn;
    private readonly Lock _lock = new();
    private readonly FailureStreak _failures = new();
    private CheckpointStore? _store;
    private Task _copying = Task.CompletedTask;
    private string? _next;
    private string? _current;
    private bool _isCopying;
    private long _copiedBytes;
    private long _goodUpTo = long.MaxValue;

    /// <summary>As far as it is known: at first anything may be there.</summary>
    private long _newestStep = long.MaxValue;
    private volatile bool _isLost;

    /// <param name="folder">Of this run's checkpoints.</param>
    /// <param name="keep">As of the first place.</param>
    /// <param name="warn">Called from any thread.</param>
    public CheckpointMirror(string folder, int keep, Action<string> warn, TimeSpan? maxStandstill = null) =>
        (_folder, _keep, _warn, _maxStandstill) = (folder, keep, warn, maxStandstill ?? MaxStandstill);

    /// <summary>As of the first place.</summary>
    public long GoodUpTo
    {
        get => Interlocked.Read(ref _goodUpTo);
        set => Interlocked.Exchange(ref _goodUpTo, value);
    }

    /// <summary>The copies under way, also those that nobody waits for any longer.</summary>
    public Task Copying
    {
        get
        {
            lock (_lock) return _copying;
        }
    }

    /// <summary>Whether there are checkpoints already; an answer of false may mean that the place does not answer.</summary>
    public bool HasCheckpoints() => Within(_maxStandstill, () => CheckpointStore.OpenForReading(_folder).NewestFirst().Any());

    /// <summary>Whether a checkpoint of the first place is read, or about to be.</summary>
    public bool Needs(string folder)
    {
        lock (_lock) return folder == _current || folder == _next;
    }

    /// <summary>A checkpoint of the first place is finished. Returns at once.</summary>
    public void Copy(string folder)
    {
        lock (_lock)
        {
            if (_isLost) return;
            _next = folder;
            if (_isCopying) return;
            _isCopying = true;
            _copying = Task.Factory.StartNew(CopyAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    /// <summary>The first place has refused a checkpoint: writes it here alone, unless a copy is under way. Waits for it within a bound.</summary>
    /// <returns>Its folder; null where this place does not take it either.</returns>
    public string? Save(CheckpointContent content)
    {
        lock (_lock)
        {
            if (_isCopying || _isLost) return null;
        }
        string? folder = Within(_maxStandstill + TimeSpan.FromSeconds(CheckpointDraft.BytesNeeded(content) / LeastBytesPerSecond), () => Open().Save(content));
        if (folder is not null) Interlocked.Exchange(ref _newestStep, content.Position.Step);
        return folder;
    }

    /// <summary>Waits until all is copied, as long as bytes arrive.</summary>
    public async Task FinishAsync()
    {
        Task copying = Copying;
        for (long seen = -1; !copying.IsCompleted;)
        {
            long now = Interlocked.Read(ref _copiedBytes);
            if (now == seen)
            {
                Lose("a copy of a checkpoint makes no progress");
                return;
            }
            seen = now;
            await Task.WhenAny(copying, Task.Delay(_maxStandstill)).ConfigureAwait(false);
        }
        await copying.ConfigureAwait(false);
    }

    /// <summary>Verifies those that are newer than a step, from the newest on, until one is intact.</summary>
    public CheckpointSearch Search(long newerThan)
    {
        var damaged = new List<DamagedCheckpoint>();
        if (Interlocked.Read(ref _newestStep) <= newerThan) return new CheckpointSearch(null, damaged);
        foreach ((string folder, long bytes) in Within(_maxStandstill, () => List(newerThan)) ?? [])
        {
            (Checkpoint? checkpoint, string why) = Within(_maxStandstill + TimeSpan.FromSeconds(bytes / LeastBytesPerSecond), () => Checkpoint.Verify(folder));
            if (_isLost) break;
            if (checkpoint is not null)
            {
                Interlocked.Exchange(ref _newestStep, checkpoint.Position.Step);
                return new CheckpointSearch(checkpoint, damaged);
            }
            damaged.Add(new DamagedCheckpoint(folder, why));
        }
        Interlocked.Exchange(ref _newestStep, newerThan);
        return new CheckpointSearch(null, damaged);
    }

    /// <summary>The run has gone astray: see <see cref="CheckpointStore.KeepGood"/>.</summary>
    /// <param name="isElsewhere">Whether the first place has a good one: then none that is not good stays here.</param>
    /// <returns>The newest good one here, where there is one.</returns>
    public string? KeepGood(bool isElsewhere)
    {
        lock (_lock) _next = null;
        return AfterCopies(store =>
        {
            string? good = store.KeepGood();
            if (good is null && isElsewhere) store.DropNewerThan(GoodUpTo);
            return good;
        });
    }

    /// <summary>The run has come to a good end: see <see cref="CheckpointStore.EndGood"/>.</summary>
    public void EndGood() => AfterCopies(store =>
    {
        store.EndGood();
        return "";
    });

    private string? AfterCopies(Func<CheckpointStore, string?> what)
    {
        FinishAsync().GetAwaiter().GetResult();
        return Within(_maxStandstill, () => what(Open()));
    }

    private (string Folder, long Bytes)[] List(long newerThan) =>
    [
        .. CheckpointStore.OpenForReading(_folder).NewestFirst().TakeWhile(f => CheckpointStore.StepOf(f) > newerThan)
            .Select(f => (f, BytesOf(f))),
    ];

    /// <exception cref="UserException">The place is not writable.</exception>
    private CheckpointStore Open()
    {
        _store ??= CheckpointStore.OpenForWriting(_folder, _keep);
        (_store.IsGivenUp, _store.GoodUpTo) = (() => _isLost, GoodUpTo);
        return _store;
    }

    private void CopyAll()
    {
        while (TakeNext() is { } folder)
        {
            try
            {
                Open().Import(folder, Count);
                Interlocked.Exchange(ref _newestStep, CheckpointStore.StepOf(folder));
                if (_failures.End() is > 0 and int failed) _warn($"{_folder} takes checkpoints again, after {failed} that it has refused");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or UserException)
            {
                // One that is superseded may be gone meanwhile.
                if (Directory.Exists(folder) && _failures.Add())
                    _warn($"{Path.GetFileName(folder)} is not copied to {_folder} ({What(e)}): {Remedy(folder)}");
            }
        }
    }

    private string Remedy(string folder)
    {
        string so = _failures.Count == 1 ? "" : $"; {_failures.Count} in a row by now";
        return $"{BytesIfThere(folder):N0} bytes are needed there: free space or make it writable; the run goes on, and the next one is tried again{so}";
    }

    private static long BytesIfThere(string folder)
    {
        try
        {
            return BytesOf(folder);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static long BytesOf(string folder) => new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Length);

    private static string What(Exception e) => (e as UserException)?.Problems[0].What ?? e.Message;

    private string? TakeNext()
    {
        lock (_lock)
        {
            _current = _isLost ? null : _next;
            _next = null;
            _isCopying = _current is not null;
            return _current;
        }
    }

    private void Count(int bytes) => Interlocked.Add(ref _copiedBytes, bytes);

    private void Lose(string why)
    {
        if (_isLost) return;
        _isLost = true;
        _warn($"{_folder} has stood still for {_maxStandstill.TotalSeconds:N0} s ({why}): the run goes on without this second place for its checkpoints");
    }

    /// <summary>What the place answers; default where it does not.</summary>
    private T? Within<T>(TimeSpan bound, Func<T> ask)
    {
        if (_isLost) return default;
        Task<T?> asking = Task.Factory.StartNew(() => Try(ask), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (asking.Wait(bound)) return asking.Result;
        Lose("it does not answer");
        return default;
    }

    private T? Try<T>(Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or UserException)
        {
            if (_failures.Add()) _warn($"{_folder}, the second place for checkpoints, fails: {What(e)}");
            return default;
        }
    }
}
