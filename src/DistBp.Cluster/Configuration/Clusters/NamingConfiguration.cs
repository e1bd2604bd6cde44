using DistBp.Cluster.Configuration.Forms;

namespace DistBp.Cluster.Configuration.Clusters;

/// <summary>distbp.cluster: which cluster this machine belongs to.</summary>
/// <param name="Name">Nodes of another name are refused.</param>
/// <param name="Secret">Without one a node listens on loopback alone.</param>
public sealed record NamingConfiguration(string Name, ClusterSecret Secret)
{
    internal static NamingConfiguration Describe(IFields f, NamingConfiguration cluster) => cluster with
    {
        Name = f.Field("name", cluster.Name, TextForm.Name),
        Secret = f.Field("secret", cluster.Secret, SecretForm.Instance),
    };
}
