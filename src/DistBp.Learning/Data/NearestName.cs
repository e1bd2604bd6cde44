namespace DistBp.Learning.Data;

/// <summary>The name that a user probably meant, by edit distance (Levenshtein).</summary>
internal static class NearestName
{
    /// <summary>"did you mean 'species'? " or nothing where no name is near.</summary>
    public static string Suggestion(string name, IEnumerable<string> candidates)
    {
        string? best = null;
        int bestDistance = Math.Max(2, name.Length / 3) + 1;
        foreach (string candidate in candidates)
        {
            int distance = Distance(name, candidate);
            if (distance < bestDistance) (best, bestDistance) = (candidate, distance);
        }
        return best is null ? "" : $"did you mean '{best}'? ";
    }

    /// <summary>"a, b, c" with an end where there are many.</summary>
    public static string List(IReadOnlyCollection<string> names, int most = 20) =>
        string.Join(", ", names.Take(most)) + (names.Count > most ? $", … ({names.Count} in all)" : "");

    private static int Distance(string a, string b)
    {
        int[] previous = new int[b.Length + 1], current = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++) previous[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int substitution = char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]) ? 0 : 1;
                current[j] = Math.Min(previous[j - 1] + substitution, Math.Min(previous[j], current[j - 1]) + 1);
            }
            (previous, current) = (current, previous);
        }
        return previous[b.Length];
    }
}
