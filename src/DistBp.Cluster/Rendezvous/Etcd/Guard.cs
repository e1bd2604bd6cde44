using DistBp.Cluster.Rendezvous.Etcd.Api;
using Google.Protobuf;

namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>Conditions of a transaction.</summary>
internal static class Guard
{
    /// <summary>The key came into being at that revision and has not been deleted since; 0: there is no such key.</summary>
    public static Compare CreatedAt(ByteString key, long revision) => new()
    {
        Key = key,
        Target = Compare.Types.CompareTarget.Create,
        Result = Compare.Types.CompareResult.Equal,
        CreateRevision = revision,
    };

    /// <summary>The key was written last at that revision.</summary>
    public static Compare WrittenAt(ByteString key, long revision) => new()
    {
        Key = key,
        Target = Compare.Types.CompareTarget.Mod,
        Result = Compare.Types.CompareResult.Equal,
        ModRevision = revision,
    };
}
