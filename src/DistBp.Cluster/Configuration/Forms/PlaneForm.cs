using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning.Kernels;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>A number for both, or [height, width].</summary>
internal sealed class PlaneForm(int minimum, int maximum, int sample) : Form<Plane>
{
    private readonly CountForm _side = new(minimum, maximum, sample);

    public override string Expected => $"{_side.Expected}, or two of them as [HEIGHT, WIDTH]";

    public override string Sample => _side.Sample;

    public override Plane Read(Node node, Place place, Plane fallback)
    {
        if (node is ScalarNode { Quoted: false } scalar && int.TryParse(scalar.Text, out _))
            return Plane.Square(_side.Read(node, place, fallback.Height));
        return node is ListNode { Items: [var height, var width] }
            ? new Plane(_side.Read(height, place, fallback.Height), _side.Read(width, place, fallback.Width))
            : Wrong(node, place, fallback);
    }

    public override Node Write(Plane value) => value.Height == value.Width
        ? _side.Write(value.Height)
        : new ListNode(default, [_side.Write(value.Height), _side.Write(value.Width)]);
}
