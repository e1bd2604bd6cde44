namespace DistBp.Cli.Tests.Akka;

/// <summary>A test of a cluster that Akka.Cluster holds together. Without its packages it is skipped, in CI too.</summary>
internal sealed class AkkaFactAttribute : FactAttribute
{
#if !AKKA_CLUSTER
    public AkkaFactAttribute() => Skip = "this distbp was built without Akka.NET: dotnet test -c Release -p:AkkaCluster=true";
#endif
}
