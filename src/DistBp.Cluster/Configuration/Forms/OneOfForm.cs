using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>One kind of a <see cref="OneOfForm{T}"/>: its word, and the map that may follow.</summary>
internal sealed record Variant<T>(string Word, MapForm<T> Body)
{
    public static Variant<T> Of<TVariant>(string word, TVariant prototype, Func<IFields, TVariant, TVariant> describe, string? shorthand = null)
        where TVariant : T =>
        new(word, new MapForm<T>(prototype, (fields, value) => describe(fields, (TVariant)value!), shorthand));

    /// <summary>A kind that has nothing to set.</summary>
    public static Variant<T> Of(string word, T value) => new(word, new MapForm<T>(value, (_, same) => same));
}

/// <summary>
/// A choice: a word ("relu"), a word with its most important value ("dense: 10") or a word with a map ("sgd: {rate: 0.1}").
/// A choice that the command line sets takes the place of the file's.
/// </summary>
/// <param name="kind">What is chosen, in the singular: "optimizer".</param>
/// <param name="wordOf">A value's word.</param>
/// <param name="notAvailable">Words of later versions.</param>
/// <param name="beside">A key of the variants' maps that may also stand beside the word: "- dense: 10" and below it "name: head".</param>
internal sealed class OneOfForm<T>(
    string kind, Func<T, string> wordOf, IReadOnlyList<Variant<T>> variants, IReadOnlyList<string> notAvailable, string? beside = null) : Form<T>
{
    private readonly string[] _words = [.. variants.Select(v => v.Word)];

    public override string Expected => $"{(kind[0] is 'o' or 'a' ? "an" : "a")} {kind}";

    public override string Sample => _words[0];

    public override T Read(Node node, Place place, T fallback)
    {
        if (Choose(node, place) is not { } chosen) return fallback;
        (string word, Node? body) = (chosen.Key, chosen.Value);
        if (variants.FirstOrDefault(v => v.Word == word) is { } variant)
            return variant.Body.Read(body is ScalarNode { IsEmpty: true } ? new MapNode(chosen.Origin, []) : body, place.Key(word), fallback);
        if (notAvailable.Contains(word))
            place.Add($"the {kind} \"{word}\" is not available in this version", chosen.Origin, $"available: {string.Join(", ", _words)}");
        else
            place.Add($"unknown {kind} \"{word}\"", chosen.Origin, NearestKey.Suggest(word, [.. _words, .. notAvailable], "words"));
        return fallback;
    }

    public override Node Write(T value)
    {
        string word = wordOf(value);
        Node body = variants.First(v => v.Word == word).Body.Write(value);
        return body is MapNode { Entries: [] } ? Plain(word) : new MapNode(default, [new MapEntry(word, default, body)]);
    }

    /// <summary>The entry of the chosen word; a bare word has an empty value.</summary>
    private MapEntry? Choose(Node node, Place place)
    {
        switch (node)
        {
            case ScalarNode { IsEmpty: false } word:
                return new MapEntry(word.Text, word.Origin, new ScalarNode(word.Origin, "", Quoted: false));
            case MapNode map:
                MapEntry[] entries = [.. map.Entries.Where(e => e.Key != beside)];
                MapEntry? chosen = entries is [var only] ? only : SetLast(entries);
                if (chosen is not null) return map.Entries.FirstOrDefault(e => e.Key == beside) is { } other ? Join(chosen, other, place) : chosen;
                if (entries.Length == 0) break;
                string words = string.Join(" and ", entries.Select(e => $"\"{e.Key}\""));
                place.Add($"expected one {kind}, found {words}", map.Origin, Indented(entries)
                    ?? (entries.Any(e => _words.Contains(e.Key)) ? "keep one of them" : $"write one of these as the key: {string.Join(", ", _words)}"));
                return null;
        }
        Wrong(node, place, default!);
        return null;
    }

    /// <summary>The choice of the last override, unless it makes two.</summary>
    private static MapEntry? SetLast(MapEntry[] entries) =>
        entries.LastOrDefault(e => e.Origin.IsOverride) is { } last && entries.Count(e => e.Origin == last.Origin) == 1 ? last : null;

    /// <summary>"dense:" with "units: 10" in the same column below it is a frequent slip.</summary>
    private string? Indented(MapEntry[] entries) => entries is [{ Value: ScalarNode { IsEmpty: true } } first, ..] && _words.Contains(first.Key)
        ? $"indent what belongs to \"{first.Key}\", or write {first.Key}: {{KEY: VALUE}}" : null;

    private static MapEntry Join(MapEntry chosen, MapEntry besideEntry, Place place)
    {
        if (chosen.Value is MapNode inner && inner[besideEntry.Key] is not null)
            place.Add($"the key \"{besideEntry.Key}\" stands here twice", besideEntry.Origin, $"keep one; the other is in \"{chosen.Key}\"");
        return chosen with
        {
            Value = chosen.Value switch
            {
                MapNode map => map with { Entries = [.. map.Entries, besideEntry] },
                ScalarNode { IsEmpty: true } => new MapNode(chosen.Origin, [besideEntry]),
                Node whole => new MapNode(chosen.Origin, [besideEntry], whole),
            },
        };
    }
}
