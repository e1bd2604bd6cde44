using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>Where a node listens or is called.</summary>
internal sealed class AddressForm : Form<NodeAddress>
{
    public static readonly AddressForm Instance = new();

    public override string Expected => $"an address ({NodeAddress.Form})";

    public override string Sample => "\"127.0.0.1:5600\"";

    public override NodeAddress Read(Node node, Place place, NodeAddress fallback) =>
        node is ScalarNode scalar && NodeAddress.TryParse(scalar.Text, out NodeAddress? address) ? address.Value : Wrong(node, place, fallback);

    public override Node Write(NodeAddress value) => new ScalarNode(default, value.ToString(), Quoted: true);
}
