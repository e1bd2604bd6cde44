using DistBp.Cluster.Configuration;
using DistBp.Cluster.Rendezvous.Etcd.Api;
using DistBp.Learning;
using Google.Protobuf;

namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>The coordinator that etcd knows.</summary>
/// <param name="Name">Of its node.</param>
/// <param name="Address">Where others call it.</param>
/// <param name="Term">Higher than that of each leader before: <see cref="Leadership.Term"/>.</param>
internal sealed record Leader(string Name, NodeAddress Address, long Term)
{
    /// <exception cref="UserException">The key is none of DistBp's.</exception>
    public static Leader Of(KeyValue entry)
    {
        try
        {
            Candidate candidate = Candidate.Parser.ParseFrom(entry.Value);
            if (NodeAddress.TryParse(candidate.Address, out NodeAddress? address)) return new Leader(candidate.Name, address.Value, entry.CreateRevision);
        }
        catch (InvalidProtocolBufferException)
        {
            // Told below, as an address that is none is.
        }
        throw new UserException(
            ErrorKind.Usage, $"the key {entry.Key.ToStringUtf8()} in etcd holds no candidate of distbp", "distbp.rendezvous.etcd.prefix",
            "give the cluster a prefix that nobody else uses");
    }
}
