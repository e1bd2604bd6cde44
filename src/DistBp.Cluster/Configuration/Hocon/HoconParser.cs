using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning;

namespace DistBp.Cluster.Configuration.Hocon;

/// <summary>
/// The grammar of HOCON, as far as a configuration file needs it: objects, dotted keys, lists, texts, numbers, comments, substitutions and
/// includes. Left out, and refused: +=, lists or objects that are joined, include with url( ) or classpath( ).
/// </summary>
/// <param name="include">Reads another file: its path as written, and where that stands.</param>
internal sealed class HoconParser(HoconScanner scanner, Func<string, Origin, MapNode> include)
{
    private const int MaxDepth = 32;
    private const int MaxKeys = 1000;
    private int _depth;

    /// <summary>A whole file; the outermost braces may be left out.</summary>
    public MapNode ReadFile()
    {
        Origin start = scanner.Origin;
        scanner.SkipLines();
        bool inBraces = scanner.Take('{');
        MapNode root = ReadFields(start, inBraces);
        scanner.SkipLines();
        return scanner.IsAtEnd ? root
            : throw scanner.Wrong($"\"{scanner.Current}\" closes nothing", remedy: "delete it, or check the braces");
    }

    private MapNode ReadFields(Origin start, bool inBraces)
    {
        var map = new MapNode(start, []);
        while (true)
        {
            scanner.SkipLines();
            if (inBraces && scanner.Take('}')) return map;
            if (scanner.IsAtEnd && inBraces) throw scanner.Wrong("a \"{\" is not closed", start, "close it with }");
            if (scanner.IsAtEnd || scanner.Current == '}') return map;
            map = ReadField(map);
            bool newLine = scanner.SkipLines();
            if (!scanner.Take(',') && !newLine && !scanner.IsAtEnd && scanner.Current != '}')
                throw scanner.Wrong($"\"{scanner.Current}\" after a value",
                    remedy: "start a new line, or put texts that hold $ { } [ ] : = , + # in quotes");
        }
    }

    private MapNode ReadField(MapNode map)
    {
        List<(string Key, Origin Origin)> path = ReadPath();
        scanner.TakeSpaces();
        if (path is [("include", _)] && scanner.Current == '"')
        {
            Origin where = scanner.Origin;
            return (MapNode)Merge(map, include(scanner.TakeQuoted(), where));
        }
        if (scanner.StartsWith("+=")) throw scanner.Wrong("\"+=\" is not supported", remedy: "write the whole list");
        if (scanner.Current != '{' && !scanner.Take('=') && !scanner.Take(':'))
            throw scanner.Wrong($"a value is missing after \"{string.Join('.', path.Select(p => p.Key))}\"");
        scanner.SkipLines();
        Node value = ReadValue();
        for (int i = path.Count - 1; i > 0; i--) value = new MapNode(path[i].Origin, [new MapEntry(path[i].Key, path[i].Origin, value)]);
        return Put(map, new MapEntry(path[0].Key, path[0].Origin, value));
    }

    private List<(string Key, Origin Origin)> ReadPath()
    {
        var path = new List<(string, Origin)>();
        do
        {
            Origin origin = scanner.Origin;
            string key = scanner.Current == '"' ? scanner.TakeQuoted() : scanner.TakeUnquoted(alsoEndsAt: ".");
            if (key.Length == 0)
                throw scanner.Wrong(scanner.IsAtEnd ? "a key is expected here" : $"a key is expected here, found \"{scanner.Current}\"");
            path.Add((key, origin));
        }
        while (scanner.Take('.'));
        return path.Count <= MaxDepth ? path : throw scanner.Wrong("a key of too many parts", path[0].Item2);
    }

    private Node ReadValue()
    {
        if (++_depth > MaxDepth) throw scanner.Wrong("objects and lists are nested too deeply", remedy: "write it with fewer levels");
        Origin start = scanner.Origin;
        Node value = scanner.Take('{') ? ReadFields(start, inBraces: true) : scanner.Take('[') ? ReadItems(start) : ReadText(start);
        _depth--;
        return value;
    }

    private ListNode ReadItems(Origin start)
    {
        var items = new List<Node>();
        while (true)
        {
            scanner.SkipLines();
            if (scanner.Take(']')) return new ListNode(start, items);
            if (scanner.IsAtEnd) throw scanner.Wrong("a \"[\" is not closed", start, "close it with ]");
            items.Add(ReadValue());
            bool newLine = scanner.SkipLines();
            if (!scanner.Take(',') && !newLine && scanner.Current != ']' && !scanner.IsAtEnd)
                throw scanner.Wrong($"\"{scanner.Current}\" after an item", remedy: "separate items by commas");
        }
    }

    /// <summary>The rest of a line: texts, quoted or not, and substitutions, with the spaces between them.</summary>
    private Node ReadText(Origin start)
    {
        var parts = new List<Node>();
        string spaces = "";
        while (ReadPart() is { } part)
        {
            if (spaces.Length > 0 && parts.Count > 0) parts.Add(new ScalarNode(start, spaces, Quoted: false));
            parts.Add(part);
            spaces = scanner.TakeSpaces();
        }
        if (parts.Count == 0) throw scanner.Wrong("a value is missing here");
        return parts is [var only] ? only : new ConcatenationNode(start, parts);
    }

    private Node? ReadPart()
    {
        Origin origin = scanner.Origin;
        if (scanner.Current == '"') return new ScalarNode(origin, scanner.TakeQuoted(), Quoted: true);
        if (scanner.StartsWith("${")) return ReadSubstitution(origin);
        string unquoted = scanner.TakeUnquoted();
        return unquoted.Length > 0 ? new ScalarNode(origin, unquoted, Quoted: false) : null;
    }

    private SubstitutionNode ReadSubstitution(Origin origin)
    {
        scanner.Advance(2);
        bool optional = scanner.Take('?');
        string path = scanner.TakeUnquoted();
        if (path.Length == 0 || !scanner.Take('}'))
            throw scanner.Wrong("a substitution is not ${PATH}", origin, "write ${path.of.a.key} or ${?VARIABLE}");
        return new SubstitutionNode(origin, path, optional);
    }

    private static MapNode Put(MapNode map, MapEntry entry)
    {
        MapEntry? old = map.Entries.FirstOrDefault(e => e.Key == entry.Key);
        if (map.Entries.Count >= MaxKeys)
            throw new UserException(ErrorKind.Usage, $"an object has more than {MaxKeys} keys", entry.Origin.ToString(), "is this the right file?");
        if (old is null) return map with { Entries = [.. map.Entries, entry] };
        return map with { Entries = [.. map.Entries.Select(e => e.Key == entry.Key ? entry with { Value = Merge(old.Value, entry.Value) } : e)] };
    }

    /// <summary>Objects are merged; of other values the later one counts.</summary>
    public static Node Merge(Node below, Node above) => (below, above) switch
    {
        (MapNode map, MapNode over) => over.Entries.Aggregate(map, Put),
        (_, SubstitutionNode or ConcatenationNode) => new OverlayNode(below, above),
        (OverlayNode, MapNode) => new OverlayNode(below, above),
        _ => above,
    };
}
