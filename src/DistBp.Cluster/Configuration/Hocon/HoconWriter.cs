using System.Diagnostics;
using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Hocon;

/// <summary>A tree, with all that it includes and refers to, as plain HOCON on one line: for other readers, whatever they know of the language.</summary>
internal static class HoconWriter
{
    public static string Write(Node node) => node switch
    {
        ScalarNode { IsNull: true } => "null",
        ScalarNode scalar => Quote(scalar.Text),
        ListNode list => $"[{string.Join(", ", list.Items.Select(Write))}]",
        MapNode map => $"{{ {string.Join(", ", map.Entries.Select(e => $"{Quote(e.Key)} : {Write(e.Value)}"))} }}",
        _ => throw new UnreachableException($"{node.Found} is left in a tree that was resolved."),
    };

    private static string Quote(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
