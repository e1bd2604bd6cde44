using System.Globalization;
using DistBp.Cluster.Configuration.Yaml;
using DistBp.Learning;

namespace DistBp.Cluster.Configuration.Nodes;

/// <summary>
/// Settings of the command line over those of a file: KEY=VALUE, where KEY is a path ("optimizer.adam.rate", "model.layers.1.dense") and
/// VALUE is YAML. The value takes the place of whatever the file has there; maps on the way are made where they are missing.
/// </summary>
internal static class Overrides
{
    public const string Prefix = "--set ";

    /// <returns><paramref name="root"/> with the settings applied in order; those that are wrong are in <paramref name="problems"/>.</returns>
    public static Node Apply(Node root, IReadOnlyList<string> settings, ProblemList problems)
    {
        foreach (string setting in settings)
        {
            var origin = new Origin(Prefix + setting);
            int equals = setting.IndexOf('=', StringComparison.Ordinal);
            string[] path = equals < 0 ? [] : setting[..equals].Trim().Split('.');
            if (path.Length == 0 || path.Any(p => p.Length == 0))
            {
                problems.Add("a setting is not KEY=VALUE", origin, "", "write it as --set optimizer.adam.rate=0.01");
                continue;
            }
            try
            {
                Node value = YamlReader.ReadValue(setting[(equals + 1)..], origin);
                root = Put(root, path, value, origin);
            }
            catch (UserException wrong)
            {
                problems.AddRange(wrong.Problems);
            }
        }
        return root;
    }

    private static Node Put(Node? node, ReadOnlySpan<string> path, Node value, Origin origin) => path.Length == 0 ? value : node switch
    {
        ListNode list => PutItem(list, path, value, origin),
        MapNode map => map with { Entries = PutEntry(map.Entries, path, value, origin) },
        ScalarNode { IsEmpty: false, IsNull: false } whole => new MapNode(origin, PutEntry([], path, value, origin), whole),
        _ => new MapNode(origin, PutEntry([], path, value, origin)),
    };

    private static List<MapEntry> PutEntry(IReadOnlyList<MapEntry> entries, ReadOnlySpan<string> path, Node value, Origin origin)
    {
        string key = path[0];
        MapEntry? old = entries.FirstOrDefault(e => e.Key == key);
        // The entry counts as the override's, so that it wins where only one key may stand (optimizer: {adam: …} over {sgd: …}).
        var entry = new MapEntry(key, origin, Put(old?.Value, path[1..], value, origin));
        return [.. entries.Where(e => e.Key != key), entry];
    }

    private static ListNode PutItem(ListNode list, ReadOnlySpan<string> path, Node value, Origin origin)
    {
        if (!int.TryParse(path[0], NumberStyles.None, CultureInfo.InvariantCulture, out int index) || index >= list.Items.Count)
        {
            string range = list.Items.Count == 0 ? "is empty" : $"has the items 0 to {list.Items.Count - 1}";
            throw new UserException(ErrorKind.Usage, $"\"{path[0]}\" is not an item of the list, which {range}", origin.ToString(),
                "count the items from 0, or set the whole list: --set KEY=[…]");
        }
        Node[] items = [.. list.Items];
        items[index] = Put(items[index], path[1..], value, origin);
        return list with { Items = items };
    }
}
