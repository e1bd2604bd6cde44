using DistBp.Cluster.Rendezvous.Etcd;
using DistBp.Cluster.Rendezvous.Etcd.Api;
using DistBp.Cluster.Wire.Grpc;
using Google.Protobuf;

namespace DistBp.Cluster.Tests.Rendezvous.Etcd;

/// <summary>What somebody with access to etcd can do, past all that the product does.</summary>
internal static class EtcdAccess
{
    private static readonly Method<PutRequest, PutResponse> s_put = new(EtcdMethods.Service("KV"), "Put");
    private static readonly Method<CompactionRequest, CompactionResponse> s_compact = new(EtcdMethods.Service("KV"), "Compact");

    /// <returns>The store's revision after it.</returns>
    public static async Task<long> PutAsync(this EtcdClient etcd, string key, string value) => (await etcd.CallAsync(
        s_put, new PutRequest { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(value) }, CancellationToken.None)).Header.Revision;

    public static Task CompactAsync(this EtcdClient etcd, long revision) =>
        etcd.CallAsync(s_compact, new CompactionRequest { Revision = revision }, CancellationToken.None);

    public static Task RevokeAsync(this EtcdClient etcd, long lease) =>
        etcd.CallAsync(EtcdMethods.Revoke, new LeaseRevokeRequest { ID = lease }, CancellationToken.None);

    public static async Task<IReadOnlyList<KeyValue>> ListAsync(this EtcdClient etcd, string prefix)
    {
        KeyRange range = KeyRange.Below(prefix);
        var request = new RangeRequest
        {
            Key = range.Start,
            RangeEnd = range.End,
            SortTarget = RangeRequest.Types.SortTarget.Create,
            SortOrder = RangeRequest.Types.SortOrder.Ascend,
        };
        return (await etcd.RangeAsync(request, CancellationToken.None)).Kvs;
    }

    /// <summary>Completes when the token is cancelled.</summary>
    public static Task AsTask(this CancellationToken token)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        token.UnsafeRegister(_ => cancelled.TrySetResult(), null);
        return cancelled.Task;
    }
}
