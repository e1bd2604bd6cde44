using System.Globalization;
using System.Numerics;
using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>A finite real number within limits.</summary>
/// <param name="condition">In words, to follow "a number": "above 0".</param>
internal sealed class NumberForm<T>(string condition, Func<T, bool> isValid, string sample) : Form<T>
    where T : struct, IBinaryFloatingPointIeee754<T>
{
    private const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    public override string Expected => condition.Length == 0 ? "a number" : $"a number {condition}";

    public override string Sample => sample;

    public override T Read(Node node, Place place, T fallback) =>
        node is ScalarNode { Quoted: false } scalar && T.TryParse(scalar.Text, Style, CultureInfo.InvariantCulture, out T value)
            && T.IsFinite(value) && isValid(value)
            ? value : Wrong(node, place, fallback);

    public override Node Write(T value) => Plain(value.ToString("R", CultureInfo.InvariantCulture));
}
