using System.Globalization;
using DistBp.Cluster.Rendezvous.Etcd.Api;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;
using Google.Protobuf;

namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>
/// The coordinator's small named values in etcd, read and written by the leader alone: every access is a transaction under the condition that the
/// leader's key is still the one that came into being with its term. Values outlive the reigns: the next leader finds them.
/// </summary>
/// <remarks>
/// Writes have an order, too. Each one also touches the leader's key, under the condition that nobody has since the write before it: an attempt at one endpoint
/// that was given up there and made at another, and is served late nevertheless, finds that changed, and does nothing.
/// </remarks>
internal sealed class FencedStore(EtcdClient etcd, EtcdKeys keys, Leadership leadership) : IDisposable
{
    /// <summary>A write finds at most the one before it, of which it was not known whether it was served, and itself.</summary>
    private const int MaxAttempts = 4;

    private readonly SemaphoreSlim _one = new(1);
    private readonly ByteString _leader = ByteString.CopyFromUtf8(leadership.Key);
    private long _written = leadership.Term;

    /// <summary>Writes the value; when this returns a majority of etcd's members has it on disk.</summary>
    /// <exception cref="UserException">The value is too large for etcd; or etcd cannot be reached, and it is not known whether it was written.</exception>
    public Task<Fenced<long>> PutAsync(string name, ReadOnlyMemory<byte> value, CancellationToken cancellation) => WriteAsync(
        name, new RequestOp { RequestPut = new PutRequest { Key = KeyOf(name), Value = UnsafeByteOperations.UnsafeWrap(value) } }, cancellation);

    /// <summary>One that does not exist may be deleted too.</summary>
    /// <exception cref="UserException">etcd cannot be reached, and it is not known whether the value was deleted.</exception>
    public Task<Fenced<long>> DeleteAsync(string name, CancellationToken cancellation) => WriteAsync(
        name, new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = KeyOf(name) } }, cancellation);

    /// <summary>All values whose names begin so, by their names' bytes.</summary>
    /// <exception cref="UserException">etcd cannot be reached.</exception>
    public Task<Fenced<IReadOnlyList<StoredValue>>> ListAsync(string beginning, CancellationToken cancellation) => UnderTermAsync<IReadOnlyList<StoredValue>>(
        async token =>
        {
            KeyRange range = KeyRange.Below(keys.Value(beginning));
            var values = new List<StoredValue>();
            while (true)
            {
                var page = new RangeRequest { Key = range.Start, RangeEnd = range.End, Limit = EtcdLimits.PageValues };
                TxnResponse response = await etcd.TransactAsync(
                    new TxnRequest { Compare = { Guard.CreatedAt(_leader, leadership.Term) }, Success = { new RequestOp { RequestRange = page } } },
                    token).ConfigureAwait(false);
                if (!response.Succeeded) return Deposed<IReadOnlyList<StoredValue>>();
                RangeResponse read = response.Responses[0].ResponseRange;
                values.AddRange(read.Kvs.Select(kv => new StoredValue(kv.Key.ToStringUtf8()[keys.Values.Length..], kv.Value.Memory)));
                if (!read.More) return new Fenced<IReadOnlyList<StoredValue>>(values, Reason: null);
                // The smallest key above the last one.
                range = range with { Start = ByteString.CopyFrom([.. read.Kvs[^1].Key.Span, 0]) };
            }
        },
        cancellation);

    public void Dispose() => _one.Dispose();

    private Task<Fenced<long>> WriteAsync(string name, RequestOp change, CancellationToken cancellation)
    {
        TxnRequest request = Under(_written, change);
        int bytes = request.CalculateSize();
        if (bytes > EtcdLimits.MaxRequestBytes)
            throw new UserException(
                ErrorKind.Usage,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the coordinator's value {name} makes a request of {bytes:N0} bytes, and etcd takes {EtcdLimits.MaxRequestBytes:N0}"),
                keys.Value(name), "keep large texts in files that the job names, not in the job file");
        return UnderTermAsync(token => WriteAsync(change, token), cancellation);
    }

    private async Task<Fenced<long>> WriteAsync(RequestOp change, CancellationToken cancellation)
    {
        for (int attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            TxnResponse response = await etcd.TransactAsync(Under(_written, change), cancellation).ConfigureAwait(false);
            if (response.Succeeded) return new Fenced<long>(_written = response.Header.Revision, Reason: null);
            if (response.Responses[0].ResponseRange.Kvs is not [KeyValue leader] || leader.CreateRevision != leadership.Term) return Deposed<long>();
            // A write of this reign was served, and its response lost: this one or one before it. To write the same again does no harm.
            _written = leader.ModRevision;
        }
        throw new UserException(
            ErrorKind.Cluster, "somebody else writes the leader's key in etcd", leadership.Key, "give the cluster a prefix that nobody else uses");
    }

    private TxnRequest Under(long written, RequestOp change) => new()
    {
        Compare = { Guard.CreatedAt(_leader, leadership.Term), Guard.WrittenAt(_leader, written) },
        Success = { new RequestOp { RequestPut = new PutRequest { Key = _leader, IgnoreValue = true, IgnoreLease = true } }, change },
        Failure = { new RequestOp { RequestRange = new RangeRequest { Key = _leader } } },
    };

    /// <summary>One access at a time, and none after the term.</summary>
    private async Task<Fenced<T>> UnderTermAsync<T>(Func<CancellationToken, Task<Fenced<T>>> access, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, leadership.Lost);
        try
        {
            await _one.WaitAsync(either.Token).ConfigureAwait(false);
            try
            {
                return leadership.IsHeld ? await access(either.Token).ConfigureAwait(false) : Deposed<T>();
            }
            finally
            {
                _one.Release();
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Deposed<T>();
        }
        catch (RpcException failure)
        {
            throw EtcdFailure.Tell(failure);
        }
    }

    private Fenced<T> Deposed<T>()
    {
        leadership.Depose("etcd has another leader, or none");
        return new Fenced<T>(default, $"the term {leadership.Term} of this coordinator is over: {leadership.LossReason}");
    }

    private ByteString KeyOf(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return ByteString.CopyFromUtf8(keys.Value(name));
    }
}
