using YamlDotNet.Core;

namespace DistBp.Cluster.Configuration.Yaml;

/// <summary>A YAML parser's complaints in words that help someone who never read the standard.</summary>
internal static class YamlErrors
{
    private const string Quotes = "put texts that hold : # @ ` * & ! % or quotes in quotes";

    /// <summary>A piece of the parser's (or <see cref="YamlTree"/>'s) message, what we say, and what to do.</summary>
    private static readonly (string Piece, string What, string Remedy)[] Explanations =
    [
        ("the document is empty", "the file is empty", "a job needs at least data, model and loss"),
        ("there is a second document", "there is a second document (after \"---\")", "one file holds one document: delete the rest"),
        ("the nesting is too deep", "maps and lists are nested too deeply", "write it with fewer levels"),
        ("tags are not allowed", "\"!\" makes a tag, which has no meaning here", "put a text that starts with ! in quotes"),
        ("a key is not a word", "a list or a map cannot be a key", "write KEY: VALUE"),
        ("the aliases stand for too much", "the aliases (*) stand for more than 10000 values", "write it without nested aliases"),
        ("has no anchor", "an alias (*) refers to an anchor (&) that does not exist", "define the anchor above, or " + Quotes),
        ("Mapping values are not allowed", "a second \":\" on one line, or a value under a finished line", "start a new line, or " + Quotes),
        ("expected ',' or", "a list [ ] or map { } is not closed", "separate items by commas and close the bracket"),
        ("quoted scalar, found unexpected end", "a quote is not closed", "close it"),
        ("did not find expected key", "a key is expected here", "keys of one map start in the same column, each as KEY: VALUE"),
        ("did not find expected '-'", "a list item is expected here", "items of one list start in the same column, each with \"- \""),
        ("could not find expected ':'", "a \":\" is missing", "write KEY: VALUE, with a space after the colon"),
        ("cannot start any token", "this character cannot start a value", Quotes),
    ];

    public static (string What, string Remedy) Explain(YamlException error, string text)
    {
        if (HasTabIndentation(text, error)) return ("a tab stands in the indentation", "indent with spaces");
        foreach ((string piece, string what, string remedy) in Explanations)
        {
            if (error.Message.Contains(piece, StringComparison.OrdinalIgnoreCase)) return (what, remedy);
        }
        return ("this is not YAML", "check indentation, brackets and quotes");
    }

    /// <summary>In the line where the parser stopped or one of the two before, which it may have taken for a text that goes on.</summary>
    private static bool HasTabIndentation(string text, YamlException error)
    {
        const int LinesBack = 2;
        string[] lines = text.Split('\n');
        int last = (int)Math.Min(error.End.Line, lines.Length);
        for (int line = (int)Math.Max(1, Math.Min(error.Start.Line, last) - LinesBack); line <= last; line++)
        {
            string content = lines[line - 1];
            if (content.AsSpan(0, content.Length - content.AsSpan().TrimStart().Length).Contains('\t')) return true;
        }
        return false;
    }
}
