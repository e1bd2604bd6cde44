using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Forms;
using DistBp.Cluster.Configuration.Hocon;
using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Configuration;

public sealed class ClusterConfigurationTests
{
    [Fact]
    public void Keys_arrive_where_they_belong()
    {
        ClusterConfiguration configuration = Parse("distbp { node { name = a1, workers = 3 }, storage.runs = \"/data/runs\" }");
        Assert.Equal(new ClusterConfiguration(new NodeConfiguration("a1", 3), new StorageConfiguration("/data/runs")), configuration);
    }

    [Fact]
    public void What_is_left_out_has_its_default() => Assert.Equal(ClusterConfiguration.Default, Parse("distbp {}"));

    [Fact]
    public void All_errors_are_told_at_once()
    {
        var wrong = Assert.Throws<UserException>(() => Parse("""
            distbp {
              node { workers = many, nam = x, listen = "127.0.0.1:5600" }
              rendezvous.kind = static
              storge { runs = r }
            }
            """));
        Assert.Equal(
            [
                "c.hocon:2:20 distbp.node.workers | expected a whole number from 0 to 1024, found \"many\" | for example: workers: 2",
                "c.hocon:2:26 distbp.node.nam | unknown key \"nam\" | did you mean \"name\"?",
                "c.hocon:2:35 distbp.node.listen | \"listen\" comes with clusters, which this version does not have yet | delete it",
                "c.hocon:3:3 distbp.rendezvous | \"rendezvous\" comes with clusters, which this version does not have yet | delete it",
                "c.hocon:4:3 distbp.storge | unknown key \"storge\" | did you mean \"storage\"?",
            ],
            wrong.Problems.Select(p => $"{p.Where} | {p.What} | {p.Remedy}"));
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
