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
        ("found invalid mapping", "a second \":\" on one line, or a value under a finished line", "start a new line, or " + Quotes),
        ("expected ',' or", "a list [ ] or map { } is not closed", "separate items by commas and close the bracket"),
        ("quoted scalar, found unexpected end", "a quote is not closed", "close it"),
        ("did not find expected key", "a key is expected here", "keys of one map start in the same column, each as KEY: VALUE"),
        ("did not find expected '-'", "a list item is expected here", "items of one list start in the same column, each with \"- \""),
        ("could not find expected ':'", "a \":\" is missing", "write KEY: VALUE, with a space after the colon"),
        ("found unknown escape", "\"\\\" with this letter has no meaning", "write \\\\ for \\, or use single quotes"),
        ("expected <document end>", "something follows where the text should end", "delete it, or check brackets and indentation"),
        ("cannot start any token", "this character cannot start a value", Quotes),
    ];

    public static (string What, Mark At, string Remedy) Explain(YamlException error, string text)
    {
        if (FindTab(error, text) is { } tab) return ("a tab stands in the indentation", tab, "indent with spaces");
        foreach ((string piece, string what, string remedy) in Explanations)
        {
            if (error.Message.Contains(piece, StringComparison.OrdinalIgnoreCase)) return (what, error.Start, remedy);
        }
        return ("this is not YAML", error.Start, "check indentation, brackets and quotes");
    }

    /// <summary>
    /// A tab in the indentation of the line where the parser stopped or of the two before, which it may have taken for a text that goes
    /// on; of any line where the parser says that it is about a tab (it does not say which).
    /// </summary>
    private static Mark? FindTab(YamlException error, string text)
    {
        const int LinesBack = 2;
        bool isAboutTab = error.Message.Contains("tab as indentation", StringComparison.Ordinal);
        string[] lines = text.Split('\n');
        int last = isAboutTab ? lines.Length : (int)Math.Min(error.End.Line, lines.Length);
        int first = isAboutTab ? 1 : (int)Math.Max(1, Math.Min(error.Start.Line, last) - LinesBack);
        for (int line = first; line <= last; line++)
        {
            int tab = lines[line - 1].IndexOf('\t', StringComparison.Ordinal);
            if (tab >= 0 && string.IsNullOrWhiteSpace(lines[line - 1][..tab])) return new Mark(0, line, tab + 1);
        }
        return null;
    }
}
