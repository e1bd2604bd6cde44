using System.Globalization;

namespace DistBp.Learning.Data.Preprocessing;

/// <summary>The words of a column, numbered in the order of their first appearance.</summary>
internal sealed class CategoryDictionary
{
    private readonly Dictionary<string, int> _codes = new(StringComparer.Ordinal);
    private readonly List<string> _texts = [];

    public int Count => _texts.Count;

    public IReadOnlyList<string> Texts => _texts;

    /// <summary>The word's number; a new word gets the next one.</summary>
    public int Code(string text)
    {
        if (_codes.TryGetValue(text, out int code)) return code;
        _codes.Add(text, _texts.Count);
        _texts.Add(text);
        return _texts.Count - 1;
    }

    /// <summary>By value where all words are numbers, otherwise ordinally by text.</summary>
    public static string[] InOrder(IEnumerable<string> texts)
    {
        string[] all = [.. texts];
        if (all.All(t => TryNumber(t, out _)))
            return [.. all.OrderBy(t => TryNumber(t, out double value) ? value : 0).ThenBy(t => t, StringComparer.Ordinal)];
        Array.Sort(all, StringComparer.Ordinal);
        return all;
    }

    private static bool TryNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
}
