using System.Globalization;
using DistBp.Cluster.Rendezvous;
using DistBp.Learning;
using Google.Protobuf;

namespace DistBp.Cluster.Nodes.Jobs;

/// <summary>What is kept of a job for the coordinator after this one. Changes are durable before they are seen here, one after the other.</summary>
internal sealed class JobRecord(StoredJob stored, ICoordinatorStore store) : IDisposable
{
    private const string Prefix = "job-";

    private readonly SemaphoreSlim _saving = new(1, 1);
    private StoredJob _stored = stored;

    /// <summary>Of the reign under way.</summary>
    public long Term => store.Term;

    /// <summary>See <see cref="ICoordinatorStore.Ended"/>.</summary>
    public CancellationToken ReignEnded => store.Ended;

    /// <summary>See <see cref="ICoordinatorStore.IsHeld"/>.</summary>
    public bool IsHeld => store.IsHeld;

    /// <summary>Never changed.</summary>
    public StoredJob Stored => Volatile.Read(ref _stored);

    private string Name => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Stored.Number:D9}");

    /// <summary>All that there are, in the order of their numbers.</summary>
    /// <exception cref="UserException">They cannot be read.</exception>
    public static async Task<IReadOnlyList<JobRecord>> LoadAsync(ICoordinatorStore store)
    {
        IReadOnlyDictionary<string, byte[]> values = await store.ReadAllAsync().ConfigureAwait(false);
        return
        [
            .. values.Where(v => v.Key.StartsWith(Prefix, StringComparison.Ordinal)).OrderBy(v => v.Key, StringComparer.Ordinal)
                .Select(v => new JobRecord(Parse(v.Key, v.Value), store)),
        ];
    }

    /// <param name="change">Of a copy.</param>
    /// <exception cref="UserException">The state cannot be written.</exception>
    /// <exception cref="ReignEndedException">Nothing was written.</exception>
    public async Task SaveAsync(Action<StoredJob> change)
    {
        // Bounded by the store's own bounds.
        await _saving.WaitAsync().ConfigureAwait(false);
        try
        {
            StoredJob changed = Stored.Clone();
            change(changed);
            if (changed.Equals(Stored)) return;
            await store.PutAsync(Name, changed.ToByteArray()).ConfigureAwait(false);
            Volatile.Write(ref _stored, changed);
        }
        finally
        {
            _saving.Release();
        }
    }

    public Task CreateAsync() => store.PutAsync(Name, Stored.ToByteArray());

    public Task ForgetAsync() => store.DeleteAsync(Name);

    public void Dispose() => _saving.Dispose();

    private static StoredJob Parse(string name, byte[] value)
    {
        try
        {
            return StoredJob.Parser.ParseFrom(value);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new UserException(
                ErrorKind.Usage, $"the coordinator's state has a job that this version cannot read: {e.Message}", name, "run the version that wrote it", e);
        }
    }
}
