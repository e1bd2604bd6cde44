using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning.Layers;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>"same", "valid", or a number of pixels (or [height, width]) on each side.</summary>
internal sealed class PaddingForm : Form<Padding>
{
    private static readonly PlaneForm Pixels = new(0, 1 << 16, 1);

    public static readonly PaddingForm Instance = new();

    public override string Expected => "same or valid or a whole number of pixels, or two of them as [HEIGHT, WIDTH]";

    public override string Sample => "same";

    public override Padding Read(Node node, Place place, Padding fallback) => node switch
    {
        ScalarNode { Quoted: false, Text: "same" } => Padding.Same,
        ScalarNode { Quoted: false, Text: "valid" } => Padding.Valid,
        ScalarNode { Quoted: false } scalar when int.TryParse(scalar.Text, out _) => Of(node, place, fallback),
        ListNode => Of(node, place, fallback),
        _ => Wrong(node, place, fallback),
    };

    public override Node Write(Padding value) => value.Kind switch
    {
        PaddingKind.Same => Plain("same"),
        PaddingKind.Valid => Plain("valid"),
        _ => Pixels.Write(value.Pixels),
    };

    private static Padding Of(Node node, Place place, Padding fallback) => new(PaddingKind.Pixels, Pixels.Read(node, place, fallback.Pixels));
}
