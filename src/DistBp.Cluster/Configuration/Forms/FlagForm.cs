using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>true or false.</summary>
internal sealed class FlagForm : Form<bool>
{
    public static readonly FlagForm Instance = new();

    public override string Expected => "true or false";

    public override string Sample => "true";

    public override bool Read(Node node, Place place, bool fallback) => node switch
    {
        ScalarNode { Quoted: false, Text: "true" } => true,
        ScalarNode { Quoted: false, Text: "false" } => false,
        _ => Wrong(node, place, fallback),
    };

    public override Node Write(bool value) => Plain(value ? "true" : "false");
}
