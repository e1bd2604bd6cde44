using DistBp.Learning;

namespace DistBp.Cluster.Configuration.Nodes;

/// <summary>What someone who mistyped a key probably meant.</summary>
internal static class NearestKey
{
    /// <returns>"did you mean …?", or all known keys where none is near.</returns>
    public static string Suggest(string typed, IReadOnlyList<string> known, string kind)
    {
        string? nearest = NearestName.Find(typed, known);
        return nearest is not null ? $"did you mean \"{nearest}\"?"
            : known.Count == 0 ? $"there are no {kind} here" : $"known {kind}: {string.Join(", ", known)}";
    }
}
