using System.Text.RegularExpressions;

namespace DistBp.Learning.Data.Wav;

/// <summary>
/// Finds the label in a file's name. "{label}_*.wav": {label} is the label, * any characters and ? one of them, but no slash; the shortest
/// label counts. With a slash the pattern is that of the path within the folder ("{label}/*.wav" takes the sub-folder's name). A pattern
/// with (?&lt;label&gt;…) is a regular expression of the whole path within the folder, as .NET writes them.
/// </summary>
/// <remarks>Matched without backtracking: in time proportional to the name, whatever the pattern.</remarks>
internal sealed class LabelPattern
{
    private const int MostLength = 500;
    private const string Key = "data.train.label", Example = "write '{label}_*.wav', '{label}/*.wav' or a regular expression such as '(?<label>[a-z]+)[0-9]*\\.wav'";
    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(1);

    private readonly Regex _regex;
    private readonly string _text;

    /// <exception cref="UserException">There is no label in the pattern, or it is no regular expression.</exception>
    public LabelPattern(string text)
    {
        _text = text;
        bool isRegex = text.Contains("(?<label>", StringComparison.Ordinal);
        if (text.Length > MostLength || (!isRegex && text.Split("{label}").Length != 2))
        {
            throw new UserException(ErrorKind.Usage, text.Length > MostLength ? $"The pattern is longer than {MostLength} characters."
                : $"The pattern '{text}' does not say once where the label stands.", Key, Example);
        }
        OfPath = isRegex || text.Contains('/', StringComparison.Ordinal);
        try
        {
            _regex = new Regex($@"\A(?:{(isRegex ? text : Translate(text))})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, LongestMatch);
        }
        catch (Exception cause) when (cause is ArgumentException or NotSupportedException)
        {
            throw new UserException(ErrorKind.Usage, $"'{text}' is not a regular expression that can be matched without backtracking: {cause.Message}",
                Key, Example, cause);
        }
    }

    /// <summary>Whether it is matched with the path within the folder, and so sub-folders are read too; otherwise with the file's name.</summary>
    public bool OfPath { get; }

    /// <param name="name">A file's name, or its path within the folder with slashes.</param>
    public string? Label(string name) => _regex.Match(name) is { Success: true } match && match.Groups["label"].Length > 0
        ? match.Groups["label"].Value : null;

    public override string ToString() => _text;

    private static string Translate(string text) => Regex.Escape(text)
        .Replace(@"\{label}", "(?<label>[^/]+?)", StringComparison.Ordinal)
        .Replace(@"\*", "[^/]*", StringComparison.Ordinal)
        .Replace(@"\?", "[^/]", StringComparison.Ordinal);
}
