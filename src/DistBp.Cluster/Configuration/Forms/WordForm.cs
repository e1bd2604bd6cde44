using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>One of a few words, each of which stands for a value.</summary>
/// <param name="kind">What is chosen, in the singular: "metric".</param>
/// <param name="notAvailable">Words of later versions.</param>
internal sealed class WordForm<T>(string kind, IReadOnlyList<(string Word, T Value)> words, IReadOnlyList<string> notAvailable) : Form<T>
{
    private readonly string[] _words = [.. words.Select(w => w.Word)];

    public override string Expected => string.Join(" or ", _words);

    public override string Sample => _words[0];

    public override T Read(Node node, Place place, T fallback)
    {
        // {ssp: {staleness: 3}} is a word of a later version too.
        string? word = node is ScalarNode { IsEmpty: false } scalar ? scalar.Text
            : node is MapNode { Entries: [var only] } && notAvailable.Contains(only.Key) ? only.Key : null;
        if (word is null) return Wrong(node, place, fallback);
        foreach ((string known, T value) in words)
        {
            if (known == word) return value;
        }
        if (notAvailable.Contains(word))
            place.Add($"the {kind} \"{word}\" is not available in this version", node.Origin, $"available: {string.Join(", ", _words)}");
        else
            place.Add($"unknown {kind} \"{word}\"", node.Origin, NearestKey.Suggest(word, [.. _words, .. notAvailable], "words"));
        return fallback;
    }

    public override Node Write(T value) => Plain(words.First(w => EqualityComparer<T>.Default.Equals(w.Value, value)).Word);
}

internal static class WordForm
{
    /// <summary>An enumeration, in camelCase.</summary>
    public static WordForm<T> Of<T>(string kind, params string[] notAvailable) where T : struct, Enum =>
        new(kind, [.. Enum.GetValues<T>().Select(value => (CamelCase(value), value))], notAvailable);

    public static string CamelCase<T>(T value) where T : struct, Enum
    {
        string name = value.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }
}
