using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>Where a node is called, or "" where that follows from elsewhere.</summary>
internal sealed class OptionalAddressForm : Form<NodeAddress?>
{
    public static readonly OptionalAddressForm Instance = new();

    public override string Expected => AddressForm.Instance.Expected + ", or \"\"";

    public override string Sample => AddressForm.Instance.Sample;

    public override NodeAddress? Read(Node node, Place place, NodeAddress? fallback)
    {
        if (node is ScalarNode { Text: "" }) return null;
        return node is ScalarNode scalar && NodeAddress.TryParse(scalar.Text, out NodeAddress? address) ? address : Wrong(node, place, fallback);
    }

    public override Node Write(NodeAddress? value) => new ScalarNode(default, value?.ToString() ?? "", Quoted: true);
}
