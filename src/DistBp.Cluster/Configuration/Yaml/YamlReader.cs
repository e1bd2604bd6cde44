using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning;
using YamlDotNet.Core;

namespace DistBp.Cluster.Configuration.Yaml;

/// <summary>Text of one YAML document to a tree of <see cref="Node"/>s. Strict: no duplicate keys, no tags, one document, bounded size.</summary>
internal static class YamlReader
{
    private const int MaxCharacters = 1 << 20;

    /// <param name="source">What messages call the text: the path as the user gave it.</param>
    /// <exception cref="UserException">The text is not one YAML document; several duplicate keys are told at once.</exception>
    public static Node Read(string text, string source) => Read(text, mark => new Origin(source, (int)mark.Line, (int)mark.Column));

    /// <summary>A value on the command line; everything in it stands at <paramref name="origin"/>.</summary>
    /// <exception cref="UserException">As of <see cref="Read(string, string)"/>.</exception>
    public static Node ReadValue(string text, Origin origin) =>
        string.IsNullOrWhiteSpace(text) ? new ScalarNode(origin, "", Quoted: false) : Read(text, _ => origin);

    private static Node Read(string text, Func<Mark, Origin> locate)
    {
        Origin start = locate(new Mark(0, 1, 1));
        if (text.Length > MaxCharacters)
            throw Wrong($"the text has {text.Length} characters, more than the {MaxCharacters} allowed", start, "is this the right file?");
        int control = text.AsSpan().IndexOfAnyInRange('\0', '\b');
        if (control >= 0) throw Wrong("the text holds control characters, as binary files do", start, "is this the right file?");
        var problems = new ProblemList();
        try
        {
            Node root = new YamlTree(text, locate, problems).ReadDocument();
            problems.ThrowIfAny();
            return root;
        }
        catch (YamlException error)
        {
            (string what, Mark at, string remedy) = YamlErrors.Explain(error, text);
            throw Wrong(what, locate(at), remedy);
        }
    }

    private static UserException Wrong(string what, Origin origin, string remedy) => new(ErrorKind.Usage, what, origin.ToString(), remedy);
}
