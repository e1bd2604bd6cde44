using System.Xml.Linq;
using DistBp.Cli.Usage;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;
using YamlDotNet.Serialization;

namespace DistBp.Cli.Tests.Deployment;

/// <summary>deploy/Dockerfile and deploy/compose.yaml.</summary>
public sealed class ContainerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_image_runs_the_command_as_somebody_who_is_not_root()
    {
        string[] last = [.. File.ReadAllLines(DeployFolder.File("Dockerfile")).Reverse().TakeWhile(l => !l.StartsWith("FROM ", StringComparison.Ordinal))];
        Assert.Contains("ENTRYPOINT [\"distbp\"]", last);
        Assert.Contains("USER $APP_UID", last);
        Assert.Contains("EXPOSE 5600", last);
        Assert.Contains(last, l => l.StartsWith("ENV PATH=/app:", StringComparison.Ordinal));
    }

    [Fact]
    public void The_image_is_built_and_runs_on_the_dotnet_of_the_projects()
    {
        string version = $"{Environment.Version.Major}.0";
        string[] from = [.. File.ReadAllLines(DeployFolder.File("Dockerfile")).Where(l => l.StartsWith("FROM ", StringComparison.Ordinal))];
        Assert.Equal(2, from.Length);
        Assert.Contains($"dotnet/sdk:{version} ", from[0], StringComparison.Ordinal);
        Assert.EndsWith($"dotnet/aspnet:{version}", from[1], StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_projects_take_from_beyond_their_folders_is_sent_to_the_images_build()
    {
        string[] sent = [.. File.ReadAllLines(DeployFolder.File("Dockerfile.dockerignore")).Where(l => l.StartsWith('!')).Select(l => l[1..])];
        Assert.All(["src", "Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig"], path => Assert.Contains(path, sent));
        string source = Path.Combine(DeployFolder.Repository(), "src");
        foreach (string project in Directory.EnumerateFiles(source, "*.csproj", SearchOption.AllDirectories))
        {
            IEnumerable<string> elsewhere = XDocument.Load(project).Descendants().Attributes("Include").Select(a => a.Value)
                .Where(path => path.StartsWith("../../", StringComparison.Ordinal)).Select(path => path[6..]);
            Assert.All(elsewhere, path => Assert.Contains(sent, s => path.StartsWith(s + "/", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void The_composed_containers_are_a_coordinator_and_as_many_nodes_as_one_number_says()
    {
        ManifestNode services = Compose()["services"];
        Assert.Equal(["coordinator", "node", "train"], services.Keys);
        Assert.Equal("${NODES:-2}", services["node"]["deploy"]["replicas"].Text);
        foreach (string service in services.Keys)
        {
            ManifestNode container = services[service];
            Assert.Equal($"distbp:{ProductVersion.Current}", container["image"].Text);
            Assert.StartsWith("${DISTBP_SECRET:?", container["environment"]["DISTBP_SECRET"].Text, StringComparison.Ordinal);
            Assert.True(container["read_only"].Flag);
            string[] arguments = [.. container["command"].Items.Select(w => w.Text)];
            Assert.Null(UsageError.Find(DistBpCommand.Create().Parse(arguments)));
        }
        Assert.Contains("coordinator:5600", services["train"]["command"].Items.Select(w => w.Text));
    }

    [Fact]
    public void The_composed_containers_find_each_other()
    {
        var environment = new Dictionary<string, string> { ["HOSTNAME"] = "3fe1c0ffee77", ["DISTBP_SECRET"] = "a secret of tests" };
        string file = Compose()["configs"]["cluster"]["file"].Text;
        string text = DeployFolder.FillIn(File.ReadAllText(DeployFolder.File(file)), environment);
        ClusterConfiguration c = ClusterConfiguration.Read(_folder.File(_folder.Write("cluster.hocon", text)));
        Assert.Equal("3fe1c0ffee77", c.Node.Name);
        Assert.Equal("3fe1c0ffee77:5600", c.Node.Advertise.ToString());
        Assert.True(c.Node.Listen.IsWildcard);
        Assert.Equal("coordinator:5600", c.Rendezvous.Coordinator.ToString());
        Assert.Equal("coordinator", Compose()["services"]["coordinator"]["hostname"].Text);
        Assert.StartsWith("/var/lib/distbp/", c.Storage.Runs, StringComparison.Ordinal);
    }

    /// <summary>With &lt;&lt; merged in.</summary>
    private static ManifestNode Compose()
    {
        object merged = new DeserializerBuilder().Build().Deserialize(new MergingParser(new Parser(File.OpenText(DeployFolder.File("compose.yaml")))))!;
        var stream = new YamlStream();
        stream.Load(new StringReader(new SerializerBuilder().Build().Serialize(merged)));
        return new ManifestNode(stream.Documents[0].RootNode, "compose.yaml");
    }
}
