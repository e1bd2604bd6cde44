namespace DistBp.Cluster.Configuration.Nodes;

/// <summary>Where a piece of configuration stands.</summary>
/// <param name="Source">A file as the user named it, or "--set KEY=VALUE".</param>
/// <param name="Line">From 1; 0: the whole source.</param>
/// <param name="Column">From 1.</param>
internal readonly record struct Origin(string Source, int Line = 0, int Column = 0)
{
    /// <summary>A setting that the command line puts over the file's.</summary>
    public bool IsOverride => Source.StartsWith(Overrides.Prefix, StringComparison.Ordinal);

    public override string ToString() => Line == 0 ? Source : $"{Source}:{Line}:{Column}";
}
