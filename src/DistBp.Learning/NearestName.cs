namespace DistBp.Learning;

/// <summary>What someone who mistyped a name probably meant, and lists of names in messages.</summary>
public static class NearestName
{
    private const int LongestCompared = 64;

    /// <summary>"did you mean 'species'? " or nothing where no name is near.</summary>
    public static string Suggestion(string typed, IEnumerable<string> known) =>
        Find(typed, known) is { } nearest ? $"did you mean '{nearest}'? " : "";

    /// <summary>"a, b, c" with an end where there are many.</summary>
    public static string List(IReadOnlyCollection<string> names, int most = 20) =>
        string.Join(", ", names.Take(most)) + (names.Count > most ? $", … ({names.Count} in all)" : "");

    /// <summary>The known name that differs by case, by at most two edits (of up to half its letters), or of which one is the other's beginning, or the typed one's end.</summary>
    public static string? Find(string typed, IEnumerable<string> known)
    {
        if (typed.Length > LongestCompared) return null;
        (string Name, int Distance) best = ("", int.MaxValue);
        foreach (string name in known)
        {
            int distance = Distance(typed.ToUpperInvariant(), name.ToUpperInvariant());
            if (distance <= Math.Min(2, name.Length / 2) && distance < best.Distance) best = (name, distance);
        }
        if (best.Distance < int.MaxValue) return best.Name;
        return known.FirstOrDefault(k => typed.Length >= 3 && (IsPrefix(typed, k) || (k.Length >= 3 && IsPrefix(k, typed))))
            ?? known.FirstOrDefault(k => k.Length >= 4 && typed.EndsWith(k, StringComparison.OrdinalIgnoreCase));
    }

    private static bool IsPrefix(string start, string whole) => whole.StartsWith(start, StringComparison.OrdinalIgnoreCase);

    /// <summary>Levenshtein's distance, where two neighbours exchanged count as one edit (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (int j = 0; j <= b.Length; j++) d[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}
