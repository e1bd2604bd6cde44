using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>A map whose keys are names of the user's, in their order, each value in the same form.</summary>
/// <param name="expected">As <see cref="Form{T}.Expected"/>: "a map of names".</param>
internal sealed class NamesForm<T>(Form<T> item, string expected, string sample) : Form<IReadOnlyList<KeyValuePair<string, T>>>
{
    public override string Expected => expected;

    public override string Sample => sample;

    public override IReadOnlyList<KeyValuePair<string, T>> Read(Node node, Place place, IReadOnlyList<KeyValuePair<string, T>> fallback)
    {
        if (node is not MapNode { Whole: null } map) return Wrong(node, place, fallback);
        return new ValueList<KeyValuePair<string, T>>(
            [.. map.Entries.Select(e => KeyValuePair.Create(e.Key, item.Read(e.Value, place.Key(e.Key), default!)))]);
    }

    public override Node Write(IReadOnlyList<KeyValuePair<string, T>> value) =>
        new MapNode(default, [.. value.Select(v => new MapEntry(v.Key, default, item.Write(v.Value)))]);
}
