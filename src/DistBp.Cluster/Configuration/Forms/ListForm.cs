using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>A list, each item in the same form.</summary>
/// <param name="expected">As <see cref="Form{T}.Expected"/>: "a list of layers".</param>
/// <param name="sample">As <see cref="Form{T}.Sample"/>; by default a list of the item's.</param>
internal sealed class ListForm<T>(Form<T> item, string expected, bool mayBeEmpty, string? sample = null) : Form<IReadOnlyList<T>>
{
    public override string Expected => expected;

    public override string Sample => sample ?? $"[{item.Sample}]";

    public override IReadOnlyList<T> Read(Node node, Place place, IReadOnlyList<T> fallback)
    {
        if (node is not ListNode list) return Wrong(node, place, fallback);
        if (list.Items.Count == 0 && !mayBeEmpty)
        {
            place.Add($"expected {expected}, found an empty list", node.Origin, $"for example: {place.Show(Sample)}");
            return fallback;
        }
        var values = new T[list.Items.Count];
        for (int i = 0; i < values.Length; i++)
        {
            // An item without a value is told as a wrong type ("found nothing"), whatever its form makes of null.
            values[i] = item.Read(list.Items[i], place.Item(i), default!);
        }
        return new ValueList<T>(values);
    }

    public override Node Write(IReadOnlyList<T> value) => new ListNode(default, [.. value.Select(item.Write)]);
}
