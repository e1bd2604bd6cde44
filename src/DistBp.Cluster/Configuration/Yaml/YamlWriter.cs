using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Yaml;

/// <summary>A tree as YAML: in flow style ({…}, […]) whatever fits into a line, in block style the rest.</summary>
internal static partial class YamlWriter
{
    private const int LineLength = 110;

    public static string Write(MapNode root)
    {
        var yaml = new StringBuilder();
        foreach (MapEntry entry in root.Entries) WriteEntry(yaml, entry, "");
        return yaml.ToString();
    }

    private static void WriteEntry(StringBuilder yaml, MapEntry entry, string indentation)
    {
        string key = $"{indentation}{Quote(entry.Key)}:";
        string flow = Flow(entry.Value);
        if (entry.Value is ScalarNode || key.Length + flow.Length < LineLength)
        {
            yaml.Append(CultureInfo.InvariantCulture, $"{key} {flow}\n");
            return;
        }
        yaml.Append(CultureInfo.InvariantCulture, $"{key}\n");
        if (entry.Value is MapNode map)
        {
            foreach (MapEntry inner in map.Entries) WriteEntry(yaml, inner, indentation + "  ");
        }
        else if (entry.Value is ListNode list)
        {
            foreach (Node item in list.Items) yaml.Append(CultureInfo.InvariantCulture, $"{indentation}  - {Item(item)}\n");
        }
    }

    /// <summary>An item in one line; the braces of a map with one key are left out.</summary>
    private static string Item(Node item) =>
        item is MapNode { Entries: [var only] } ? $"{Quote(only.Key)}: {Flow(only.Value)}" : Flow(item);

    /// <summary>In one line.</summary>
    public static string Flow(Node node) => node switch
    {
        ScalarNode { Quoted: true } text => Quote(text.Text),
        ScalarNode scalar => scalar.Text,
        ListNode list => $"[{string.Join(", ", list.Items.Select(Flow))}]",
        MapNode map => $"{{{string.Join(", ", map.Entries.Select(e => $"{Quote(e.Key)}: {Flow(e.Value)}"))}}}",
        _ => throw new System.Diagnostics.UnreachableException(node.GetType().Name),
    };

    /// <summary>In double quotes where the plain text would mean something else to YAML.</summary>
    private static string Quote(string text)
    {
        if (PlainText().IsMatch(text) && text != "null") return text;
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' or '\ufeff' or > '\ufffd')
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
            else quoted.Append(c);
        }
        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_./][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*\z")]
    private static partial Regex PlainText();
}
