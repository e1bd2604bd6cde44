using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning;

namespace DistBp.Cluster.Configuration.Hocon;

/// <summary>Replaces substitutions by what they stand for: another key's value, or else an environment variable.</summary>
internal sealed class HoconResolver(MapNode root, Func<string, string?> environment)
{
    private const int MaxSubstitutions = 10_000;
    private const int MaxTextLength = 10_000;
    private readonly HashSet<string> _resolving = [];
    private int _substitutions;

    /// <exception cref="UserException">A substitution stands for nothing, for itself, or for something that is not text in a text.</exception>
    public MapNode Resolve() => (MapNode)Resolve(root)!;

    /// <returns>Null: an optional substitution stands for nothing.</returns>
    private Node? Resolve(Node node) => node switch
    {
        MapNode map => map with { Entries = [.. map.Entries.Select(Resolve).OfType<MapEntry>()] },
        ListNode list => list with { Items = [.. list.Items.Select(Resolve).OfType<Node>()] },
        SubstitutionNode substitution => Resolve(substitution),
        ConcatenationNode concatenation => Resolve(concatenation),
        OverlayNode overlay => Resolve(overlay),
        _ => node,
    };

    private MapEntry? Resolve(MapEntry entry) => Resolve(entry.Value) is { } value ? entry with { Value = value } : null;

    private Node? Resolve(OverlayNode overlay)
    {
        Node? above = Resolve(overlay.Above);
        if (above is not null and not MapNode) return above;
        Node? below = Resolve(overlay.Below);
        return (below, above) is ({ } b, { } a) ? HoconParser.Merge(b, a) : above ?? below;
    }

    private Node? Resolve(SubstitutionNode node)
    {
        if (++_substitutions > MaxSubstitutions || !_resolving.Add(node.Path))
            throw Wrong($"{node.Found} stands for itself", node.Origin, "remove the circle");
        Node? value = Find(node.Path) is { } found ? Resolve(found) : null;
        _resolving.Remove(node.Path);
        if (value is null && environment(node.Path) is { } variable) value = new ScalarNode(node.Origin, variable, Quoted: false);
        if (value is not null || node.IsOptional) return value;
        throw Wrong($"{node.Found} is neither a key of this file nor an environment variable", node.Origin,
            $"set it, or write ${{?{node.Path}}} if it may be missing");
    }

    private ScalarNode? Resolve(ConcatenationNode node)
    {
        Node[] parts = [.. node.Parts.Select(Resolve).OfType<Node>()];
        if (parts.FirstOrDefault(p => p is not ScalarNode) is { } other)
            throw Wrong($"{other.Found} cannot be part of a text", other.Origin, "only texts and numbers are joined");
        if (parts.Sum(p => (long)((ScalarNode)p).Text.Length) > MaxTextLength)
            throw Wrong($"the text has more than {MaxTextLength} characters", node.Origin, "shorten it");
        bool quoted = parts.Any(p => p is ScalarNode { Quoted: true });
        return parts.Length == 0 ? null : new ScalarNode(node.Origin, string.Concat(parts.Select(p => ((ScalarNode)p).Text)), quoted);
    }

    private Node? Find(string path)
    {
        Node? node = root;
        foreach (string key in path.Split('.')) node = node is MapNode map ? map[key] : null;
        return node;
    }

    private static UserException Wrong(string what, Origin origin, string remedy) => new(ErrorKind.Usage, what, origin.ToString(), remedy);
}
