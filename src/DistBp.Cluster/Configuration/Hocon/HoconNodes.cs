using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Hocon;

/// <summary>${path} or ${?path}, before it is resolved.</summary>
internal sealed record SubstitutionNode(Origin Origin, string Path, bool IsOptional) : Node(Origin)
{
    public override string Found => $"${{{(IsOptional ? "?" : "")}{Path}}}";
}

/// <summary>Texts and substitutions on one line, which become one text.</summary>
internal sealed record ConcatenationNode(Origin Origin, IReadOnlyList<Node> Parts) : Node(Origin)
{
    public override string Found => "a text of several parts";
}

/// <summary>A value that was set where another stood, which comes back if the new one is an optional substitution of nothing.</summary>
internal sealed record OverlayNode(Node Below, Node Above) : Node(Above.Origin)
{
    public override string Found => Above.Found;
}
