namespace DistBp.Cluster.Configuration.Nodes;

/// <summary>What someone who mistyped a key probably meant.</summary>
public static class NearestKey
{
    private const int LongestCompared = 64;

    /// <returns>"did you mean …?", or all known keys where none is near.</returns>
    public static string Suggest(string typed, IReadOnlyList<string> known, string kind)
    {
        string? nearest = Find(typed, known);
        return nearest is not null ? $"did you mean \"{nearest}\"?"
            : known.Count == 0 ? $"there are no {kind} here" : $"known {kind}: {string.Join(", ", known)}";
    }

    /// <summary>The known key that differs by case, by at most two edits (of up to half its letters), or of which one is the other's beginning.</summary>
    public static string? Find(string typed, IReadOnlyList<string> known)
    {
        if (typed.Length > LongestCompared) return null;
        (string Key, int Distance) best = ("", int.MaxValue);
        foreach (string key in known)
        {
            int distance = Distance(typed.ToUpperInvariant(), key.ToUpperInvariant());
            if (distance <= Math.Min(2, key.Length / 2) && distance < best.Distance) best = (key, distance);
        }
        if (best.Distance < int.MaxValue) return best.Key;
        return known.FirstOrDefault(k => typed.Length >= 3 && (IsPrefix(typed, k) || (k.Length >= 3 && IsPrefix(k, typed))));
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
