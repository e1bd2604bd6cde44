using System.Globalization;
using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>A whole number in [minimum, maximum].</summary>
internal sealed class CountForm(int minimum, int maximum, int sample) : Form<int>
{
    public override string Expected =>
        maximum == int.MaxValue ? $"a whole number of at least {minimum}" : $"a whole number from {minimum} to {maximum}";

    public override string Sample => sample.ToString(CultureInfo.InvariantCulture);

    public override int Read(Node node, Place place, int fallback) =>
        node is ScalarNode { Quoted: false } scalar
            && int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            && value >= minimum && value <= maximum
            ? value : Wrong(node, place, fallback);

    public override Node Write(int value) => Plain(value.ToString(CultureInfo.InvariantCulture));
}
