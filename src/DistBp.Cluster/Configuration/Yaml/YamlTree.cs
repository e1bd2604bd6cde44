using DistBp.Cluster.Configuration.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace DistBp.Cluster.Configuration.Yaml;

/// <summary>Builds the tree from the parser's events.</summary>
internal sealed class YamlTree(string text, Func<Mark, Origin> locate, ProblemList problems)
{
    private const int MaxDepth = 32;

    /// <summary>Nodes that all aliases together may stand for: a few lines of nested aliases could stand for billions.</summary>
    private const int MaxAliased = 10_000;

    private readonly StrictParser _parser = new(text);
    private readonly Dictionary<string, (Node Node, int Size)> _anchors = [];
    private int _aliased;

    /// <summary>Nodes read so far, those that aliases stand for counted each time.</summary>
    private int _count;

    /// <exception cref="YamlException">Not YAML, or more of it than a configuration needs.</exception>
    public Node ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out StreamEnd? end)) throw new YamlException(end.Start, end.End, "the document is empty");
        _parser.Consume<DocumentStart>();
        Node root = ReadNode(0);
        _parser.Consume<DocumentEnd>();
        if (_parser.Accept<DocumentStart>(out DocumentStart? second))
            throw new YamlException(second.Start, second.End, "there is a second document");
        _parser.Consume<StreamEnd>();
        return root;
    }

    private Node ReadNode(int depth)
    {
        ParsingEvent start = _parser.Consume<ParsingEvent>();
        if (depth > MaxDepth) throw new YamlException(start.Start, start.End, "the nesting is too deep");
        if (start is AnchorAlias alias) return Resolve(alias);
        if (start is NodeEvent { Tag.IsEmpty: false } tagged) throw new YamlException(tagged.Start, tagged.End, "tags are not allowed");
        int countBefore = _count++;
        Node node = start switch
        {
            Scalar scalar => new ScalarNode(locate(scalar.Start), scalar.Value, scalar.Style != ScalarStyle.Plain),
            SequenceStart sequence => ReadList(sequence, depth),
            MappingStart mapping => ReadMap(mapping, depth),
            _ => throw new YamlException(start.Start, start.End, "a value is expected"),
        };
        if (start is NodeEvent { Anchor.IsEmpty: false } anchored) _anchors[anchored.Anchor.Value] = (node, _count - countBefore);
        return node;
    }

    private ListNode ReadList(SequenceStart start, int depth)
    {
        var items = new List<Node>();
        while (!_parser.TryConsume<SequenceEnd>(out _)) items.Add(ReadNode(depth + 1));
        return new ListNode(locate(start.Start), items);
    }

    private MapNode ReadMap(MappingStart start, int depth)
    {
        var entries = new List<MapEntry>();
        var origins = new Dictionary<string, Origin>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (!_parser.TryConsume<Scalar>(out Scalar? key))
                throw new YamlException(_parser.Current!.Start, _parser.Current.End, "a key is not a word");
            Origin origin = locate(key.Start);
            Node value = ReadNode(depth + 1);
            if (origins.TryAdd(key.Value, origin)) entries.Add(new MapEntry(key.Value, origin, value));
            else problems.Add($"the key \"{key.Value}\" stands here twice", origin, "", $"keep one; the first is at {origins[key.Value]}");
        }
        return new MapNode(locate(start.Start), entries);
    }

    private Node Resolve(AnchorAlias alias)
    {
        if (!_anchors.TryGetValue(alias.Value.Value, out (Node Node, int Size) anchored))
            throw new YamlException(alias.Start, alias.End, $"the alias *{alias.Value.Value} has no anchor");
        _aliased = (int)Math.Min((long)_aliased + anchored.Size, int.MaxValue / 2);
        if (_aliased > MaxAliased) throw new YamlException(alias.Start, alias.End, "the aliases stand for too much");
        _count += anchored.Size;
        return anchored.Node;
    }
}
