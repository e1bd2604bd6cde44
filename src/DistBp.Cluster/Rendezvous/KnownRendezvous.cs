using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Rendezvous.Etcd;
using DistBp.Learning;

namespace DistBp.Cluster.Rendezvous;

/// <summary>The rendezvous of this assembly, by their kinds.</summary>
internal static class KnownRendezvous
{
    /// <param name="tell">Shows a line: who is waited for.</param>
    /// <exception cref="UserException">The kind is another assembly's.</exception>
    public static IRendezvous Of(ClusterConfiguration c, Action<string> tell) => c.Rendezvous.Kind switch
    {
        RendezvousKind.Static => StaticRendezvous.Of(c),
        RendezvousKind.Etcd => new EtcdRendezvous(c, TimeProvider.System, tell),
        _ => throw new UserException(
            ErrorKind.Usage, "this distbp was built without Akka.NET", "distbp.rendezvous.kind",
            "build it with `dotnet build -c Release -p:AkkaCluster=true DistBp.sln`, where the packages of Akka.NET can be restored; or use kind = \"static\" or \"etcd\""),
    };
}
