using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Configuration.Forms;
using DistBp.Cluster.Configuration.Hocon;
using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Tests.Configuration;

public sealed class ClusterConfigurationTests
{
    [Fact]
    public void Keys_arrive_where_they_belong()
    {
        ClusterConfiguration c = Parse("""
            distbp {
              cluster { name = "prod", secret = "s3cret" }
              node { name = a1, roles = [coordinator, server], listen = "0.0.0.0:5601", advertise = "a1.example:5601", workers = 3 }
              rendezvous { kind = etcd, coordinator = "c0:5600", etcd { endpoints = ["http://e0:2379", "http://e1:2379"], prefix = "/p", lease = 10s } }
              failure-detector { heartbeat-interval = 1s, acceptable-pause = 5s }
              wire { max-message = 1MiB, shared-memory = off }
              tls { certificate = c.pem, key = k.pem, authority = a.pem }
              storage { state = "/data/state", runs = "/data/runs" }
            }
            akka { whatever { it = [1, 2] } }
            """);
        Assert.Equal(new NamingConfiguration("prod", new ClusterSecret("s3cret")), c.Cluster);
        Assert.Equal(
            new NodeConfiguration("a1", NodeRoles.Coordinator | NodeRoles.Server, new("0.0.0.0", 5601), new NodeAddress("a1.example", 5601), 3), c.Node);
        Assert.Equal((RendezvousKind.Etcd, new NodeAddress("c0", 5600), "/p"), (c.Rendezvous.Kind, c.Rendezvous.Coordinator, c.Rendezvous.Etcd.Prefix));
        Assert.Equal(["http://e0:2379", "http://e1:2379"], c.Rendezvous.Etcd.Endpoints);
        Assert.Equal(TimeSpan.FromSeconds(10), c.Rendezvous.Etcd.Lease);
        Assert.Equal(new FailureDetectorConfiguration(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)), c.FailureDetector);
        Assert.Equal(new WireConfiguration(1 << 20, SharedMemory: false), c.Wire);
        Assert.Equal(new TlsConfiguration("c.pem", "k.pem", "a.pem"), c.Tls);
        Assert.Equal(new StorageConfiguration("/data/state", "/data/runs"), c.Storage);
    }

    [Fact]
    public void What_is_left_out_has_its_default() => Assert.Equal(ClusterConfiguration.Default, Parse("distbp {}"));

    [Fact]
    public void Empty_texts_are_as_good_as_none() => Assert.Equal(
        ClusterConfiguration.Default,
        Parse("distbp { cluster.secret = \"\", node.advertise = \"\", tls { certificate = \"\", key = \"\", authority = \"\" } }"));

    [Fact]
    public void All_errors_are_told_at_once()
    {
        var wrong = Assert.Throws<UserException>(() => Parse("""
            distbp {
              node { workers = many, nam = x, listen = "5600", roles = [worker, sever] }
              rendezvous { kind = statik, etcd { endpoints = ["http://e0:2379", "e1:2379"] } }
              storge { runs = r }
              wire { shared-memory = maybe, max-message = 4 }
              cluster { secret = [s3cret] }
            }
            """));
        Assert.Equal(
            [
                "c.hocon:2:20 distbp.node.workers | expected a whole number from 0 to 1024, found \"many\" | for example: workers: 2",
                "c.hocon:2:26 distbp.node.nam | unknown key \"nam\" | did you mean \"name\"?",
                "c.hocon:2:44 distbp.node.listen | expected an address (HOST:PORT, as 127.0.0.1:5600), found \"5600\" in quotes | for example: listen: \"127.0.0.1:5600\"",
                "c.hocon:2:69 distbp.node.roles.1 | unknown role \"sever\" | did you mean \"server\"?",
                "c.hocon:3:23 distbp.rendezvous.kind | unknown kind of rendezvous \"statik\" | did you mean \"static\"?",
                "c.hocon:3:69 distbp.rendezvous.etcd.endpoints.1 | expected a URL (http://HOST:PORT), found \"e1:2379\" in quotes | for example: - \"http://127.0.0.1:2379\"",
                "c.hocon:4:3 distbp.storge | unknown key \"storge\" | did you mean \"storage\"?",
                "c.hocon:5:26 distbp.wire.shared-memory | unknown setting \"maybe\" | known words: on, off, true, false",
                "c.hocon:5:47 distbp.wire.max-message | expected a size of at least 1 byte with its unit (B, KiB, MiB, GiB, kB, MB, GB), found \"4\" | for example: max-message: 4MiB",
                "c.hocon:6:22 distbp.cluster.secret | expected a text, found a list | for example: secret: ${?DISTBP_SECRET}",
            ],
            wrong.Problems.Select(p => $"{p.Where} | {p.What} | {p.Remedy}"));
        Assert.DoesNotContain("s3cret", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_is_not_shown() =>
        Assert.DoesNotContain("s3cret", Parse("distbp { cluster { secret = s3cret } }").ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("127.0.0.1:5600", "127.0.0.1", 5600)]
    [InlineData("[::1]:0", "::1", 0)]
    [InlineData("node-1.cluster.local:65535", "node-1.cluster.local", 65535)]
    [InlineData("::1:5600", null, 0)]
    [InlineData("127.0.0.1", null, 0)]
    [InlineData("127.0.0.1:", null, 0)]
    [InlineData("127.0.0.1:65536", null, 0)]
    [InlineData("127.0.0.1:-1", null, 0)]
    [InlineData(":5600", null, 0)]
    [InlineData("http://a:5600", null, 0)]
    [InlineData("a b:5600", null, 0)]
    [InlineData("[a]:5600", null, 0)]
    public void An_address_is_a_host_and_a_port(string text, string? host, int port)
    {
        Assert.Equal(host is not null, NodeAddress.TryParse(text, out NodeAddress? address));
        if (host is null) return;
        Assert.Equal(new NodeAddress(host, port), address);
        Assert.Equal(text, address.ToString());
    }

    [Theory]
    [InlineData("200ms", 200)]
    [InlineData("2s", 2000)]
    [InlineData("1.5 m", 90_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("2", null)]
    [InlineData("0s", null)]
    [InlineData("-1s", null)]
    [InlineData("2 days", null)]
    [InlineData("s", null)]
    public void A_duration_has_a_unit(string text, int? milliseconds) =>
        Assert.Equal(milliseconds is { } ms ? TimeSpan.FromMilliseconds(ms) : null, ReadScalar(text, DurationForm.Instance));

    [Theory]
    [InlineData("4MiB", 4L << 20)]
    [InlineData("1.5KiB", 1536L)]
    [InlineData("3 GB", 3_000_000_000L)]
    [InlineData("10B", 10L)]
    [InlineData("10", null)]
    [InlineData("0B", null)]
    [InlineData("4mib", null)]
    public void A_size_has_a_unit(string text, long? bytes) => Assert.Equal(bytes, ReadScalar(text, SizeForm.Instance));

    private static T? ReadScalar<T>(string text, Form<T> form) where T : struct
    {
        var problems = new ProblemList();
        T value = form.Read(new ScalarNode(new Origin("c.hocon"), text, Quoted: false), new Place("key", problems), default);
        return problems.Count == 0 ? value : null;
    }

    private static ClusterConfiguration Parse(string text) => ClusterConfiguration.Parse(HoconReader.Read(text, "c.hocon", _ => null));
}
