using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>A secret, which no message repeats.</summary>
internal sealed class SecretForm : Form<ClusterSecret>
{
    public static readonly SecretForm Instance = new();

    public override string Expected => "a text";

    public override string Sample => "${?DISTBP_SECRET}";

    public override ClusterSecret Read(Node node, Place place, ClusterSecret fallback)
    {
        if (node is ScalarNode scalar) return new ClusterSecret(scalar.Text);
        place.Add($"expected {Expected}, found {node.Found}", node.Origin, $"for example: {place.Show(Sample)}");
        return fallback;
    }

    /// <summary>Not written: whoever may read a file's copy need not be one who may know it.</summary>
    public override Node Write(ClusterSecret value) => Plain("null");
}
