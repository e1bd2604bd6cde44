using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>A size in bytes: a number and a unit (B, KiB, MiB, GiB; kB, MB, GB are powers of 1000).</summary>
internal sealed class SizeForm : Form<long>
{
    private static readonly (string Unit, double Bytes)[] Units =
        [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9)];

    public static readonly SizeForm Instance = new();

    public override string Expected => "a size of at least 1 byte with its unit (B, KiB, MiB, GiB, kB, MB, GB)";

    public override string Sample => "4MiB";

    public override long Read(Node node, Place place, long fallback) =>
        node is ScalarNode { Quoted: false } scalar && UnitNumber.TryRead(scalar.Text, Units, out double bytes) && bytes is >= 1 and <= 1e15
            ? (long)bytes : Wrong(node, place, fallback);

    public override Node Write(long value) => Plain(FormattableString.Invariant($"{value}B"));
}
