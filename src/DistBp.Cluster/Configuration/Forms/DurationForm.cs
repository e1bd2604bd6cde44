using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>A duration above 0: a number and a unit (ms, s, m, h).</summary>
internal sealed class DurationForm : Form<TimeSpan>
{
    private static readonly (string Unit, double Milliseconds)[] Units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

    public static readonly DurationForm Instance = new();

    public override string Expected => "a duration above 0 with its unit (ms, s, m, h)";

    public override string Sample => "200ms";

    public override TimeSpan Read(Node node, Place place, TimeSpan fallback) =>
        node is ScalarNode { Quoted: false } scalar && UnitNumber.TryRead(scalar.Text, Units, out double milliseconds)
            && milliseconds is >= 1 and <= int.MaxValue
            ? TimeSpan.FromMilliseconds(milliseconds) : Wrong(node, place, fallback);

    public override Node Write(TimeSpan value) => Plain(FormattableString.Invariant($"{value.TotalMilliseconds}ms"));
}
