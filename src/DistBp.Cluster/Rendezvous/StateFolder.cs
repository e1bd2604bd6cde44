using System.Globalization;
using System.Text;
using DistBp.Cluster.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Rendezvous;

/// <summary>
/// The state of a coordinator at a known address, in a folder that one process holds: a file a value, each replaced as a whole, and checksummed. The next
/// coordinator is a process that is started with the same folder.
/// </summary>
internal sealed class StateFolder : ICoordinatorStore
{
    private const string Suffix = ".state", TermName = "term", ClusterName = "cluster";

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly string _folder;
    private readonly FolderLock _lock;
    private bool _disposed;

    private StateFolder(string folder, FolderLock held) => (_folder, _lock) = (folder, held);

    public long Term { get; private set; }

    public CancellationToken Ended => _ended.Token;

    /// <summary>Nobody else can hold the folder before this one gives it back.</summary>
    public bool IsHeld => !Volatile.Read(ref _disposed);

    /// <summary>Begins a reign: its term is on the disk when this returns.</summary>
    /// <param name="cluster">The cluster's name: the state of another one is refused.</param>
    /// <exception cref="UserException">
    /// Another process holds the folder, or it is not writable, or of another cluster or version (Usage); what is in it is damaged (Checkpoint).
    /// </exception>
    public static StateFolder Open(string folder, string cluster)
    {
        FolderLock held = FolderLock.Take(
            folder, create: true, "the coordinator's state", "another distbp is the coordinator with this state",
            "choose another folder with --state (storage.state): a cluster has one coordinator");
        var state = new StateFolder(folder, held);
        try
        {
            state.Begin(cluster);
            return state;
        }
        catch (UserException)
        {
            held.Dispose();
            throw;
        }
    }

    public Task<IReadOnlyDictionary<string, byte[]>> ReadAllAsync()
    {
        lock (_gate)
        {
            Dictionary<string, byte[]> values = ReadAll();
            values.Remove(TermName);
            values.Remove(ClusterName);
            return Task.FromResult<IReadOnlyDictionary<string, byte[]>>(values);
        }
    }

    public Task PutAsync(string name, ReadOnlyMemory<byte> value) => Task.Run(() => Change(() => Write(name, value.Span)));

    public Task DeleteAsync(string name) => Task.Run(() => Change(() =>
    {
        string file = FileOf(name);
        if (!File.Exists(file)) return;
        File.Delete(file);
        DurableFolder.Flush(_folder);
    }));

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposed) return ValueTask.CompletedTask;
            _disposed = true;
            _lock.Dispose();
        }
        _ended.Cancel();
        return ValueTask.CompletedTask;
    }

    private void Begin(string cluster)
    {
        Dictionary<string, byte[]> values = ReadAll();
        if (values.TryGetValue(ClusterName, out byte[]? name) && Encoding.UTF8.GetString(name) is { } other && other != cluster)
        {
            throw new UserException(
                ErrorKind.Usage, $"the state is that of the cluster '{other}', and this coordinator is of '{cluster}'", _folder,
                "check distbp.cluster.name, or choose another folder with --state (storage.state)");
        }
        if (values.Count > 0 && !values.ContainsKey(TermName)) throw Damaged(FileOf(TermName), "it is missing");
        long before = values.TryGetValue(TermName, out byte[]? term) ? long.Parse(Encoding.ASCII.GetString(term), CultureInfo.InvariantCulture) : 0;
        Term = before + 1;
        Change(() =>
        {
            Write(TermName, Encoding.ASCII.GetBytes(Term.ToString(CultureInfo.InvariantCulture)));
            if (name is null) Write(ClusterName, Encoding.UTF8.GetBytes(cluster));
            DurableFolder.Flush(Path.GetDirectoryName(Path.GetFullPath(_folder))!);
        });
    }

    private Dictionary<string, byte[]> ReadAll()
    {
        var values = new Dictionary<string, byte[]>();
        try
        {
            foreach (string file in Directory.EnumerateFiles(_folder, "*" + Suffix))
            {
                string name = Path.GetFileNameWithoutExtension(file);
                (byte[]? value, string why, bool isForeign) = StateFrame.Read(name, File.ReadAllBytes(file));
                values[name] = value ?? throw (isForeign ? Foreign(file, why) : Damaged(file, why));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(ErrorKind.Usage, $"cannot read the coordinator's state: {e.Message}", _folder, "make it readable", e);
        }
        return values;
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            if (_disposed) throw new ReignEndedException($"The state in {_folder} is held no more.");
            try
            {
                change();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw StorageFailure.CannotWrite("the coordinator's state", _folder, 0, e);
            }
        }
    }

    private void Write(string name, ReadOnlySpan<byte> value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Length, ICoordinatorStore.MaxValueBytes);
        DurableFile.Replace(FileOf(name), StateFrame.Write(name, value));
    }

    private string FileOf(string name) => Path.Combine(_folder, name + Suffix);

    private static UserException Foreign(string file, string why) => new(
        ErrorKind.Usage, $"the coordinator's state is not this version's: {why}", file, "run the version that wrote it, or choose another folder with --state (storage.state)");

    private static UserException Damaged(string file, string why) => new(
        ErrorKind.Checkpoint, $"the coordinator's state is damaged: {why}", file,
        "bring the folder back from a copy; or move it away and restart all nodes: then the queue of jobs is empty, and runs go on with `distbp train --resume --out DIR`");
}
