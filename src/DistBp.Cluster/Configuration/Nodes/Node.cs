namespace DistBp.Cluster.Configuration.Nodes;

/// <summary>A tree of maps, lists and scalars that remembers where each part stands: what YAML and HOCON are read into.</summary>
internal abstract record Node(Origin Origin)
{
    /// <summary>In words, for "expected …, found …".</summary>
    public abstract string Found { get; }
}

/// <param name="Quoted">Whether it was written in quotes, so that it is text whatever it looks like.</param>
internal sealed record ScalarNode(Origin Origin, string Text, bool Quoted) : Node(Origin)
{
    private const int LongestShown = 60;

    /// <summary>Written as nothing at all, as in "name:".</summary>
    public bool IsEmpty => !Quoted && Text.Length == 0;

    /// <summary>Asks for the default.</summary>
    public bool IsNull => !Quoted && Text is "null" or "~";

    public override string Found => IsEmpty ? "nothing"
        : $"\"{(Text.Length > LongestShown ? Text[..LongestShown] + "…" : Text)}\"{(Quoted ? " in quotes" : "")}";
}

internal sealed record ListNode(Origin Origin, IReadOnlyList<Node> Items) : Node(Origin)
{
    public override string Found => "a list";
}

/// <param name="Entries">In the order written; no key twice.</param>
/// <param name="Whole">What stood here before an override, or a key beside it, put a key in its place: "optimizer: {adam: 0.01}" with
/// optimizer.adam.beta1=0.8 keeps the 0.01.</param>
internal sealed record MapNode(Origin Origin, IReadOnlyList<MapEntry> Entries, Node? Whole = null) : Node(Origin)
{
    public override string Found => "a map";

    public Node? this[string key] => Entries.FirstOrDefault(e => e.Key == key)?.Value;
}

internal sealed record MapEntry(string Key, Origin Origin, Node Value);
