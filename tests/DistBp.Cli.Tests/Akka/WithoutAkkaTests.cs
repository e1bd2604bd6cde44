#if !AKKA_CLUSTER
namespace DistBp.Cli.Tests.Akka;

public sealed class WithoutAkkaTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_program_without_Akka_says_how_one_with_it_is_built()
    {
        string file = _folder.Write("a.hocon", "distbp { rendezvous { kind = akka } }\nakka { actor { provider = cluster } }\n");
        CommandRun.Run(_folder, "node", "--config", file, "--listen", "127.0.0.1:0").ShouldFail(2, "built without Akka.NET", "-p:AkkaCluster=true");
    }
}
#endif
