using System.Globalization;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Forms;
using DistBp.Cluster.Configuration.Nodes;
using DistBp.Cluster.Configuration.Yaml;
using DistBp.Learning;
using DistBp.Learning.Search;

namespace DistBp.Cluster.Tuning;

/// <summary>
/// The file that says which keys of a job a search sets, and to what: PATH: {uniform: [LOW, HIGH]}, {log: [LOW, HIGH]}, {int: [LOW, HIGH]},
/// {int: [LOW, HIGH], log: true} or {choice: [VALUE, …]}; with points: N for the values of a grid.
/// </summary>
internal static class SpaceFile
{
    public const string Uniform = "uniform", Log = "log", Int = "int", Choice = "choice", Points = "points";
    private const int DefaultPoints = 4, MostPoints = 1000;
    private const string Sample = "optimizer.adam.rate: {log: [1e-4, 1e-1]}";

    private static readonly string[] s_kinds = [Uniform, Log, Int, Choice];

    /// <exception cref="UserException">Everything that is wrong, at once.</exception>
    public static IReadOnlyList<SpaceEntry> Read(string path) => Parse(ConfigurationText.Read(path), path);

    /// <param name="source">What messages call the text.</param>
    internal static IReadOnlyList<SpaceEntry> Parse(string text, string source)
    {
        var problems = new ProblemList();
        var entries = new List<SpaceEntry>();
        Node root = YamlReader.Read(text, source);
        if (root is MapNode { Entries.Count: > 0 } map)
        {
            foreach (MapEntry entry in map.Entries)
            {
                ReportOverlap(entry, map, problems);
                if (ReadEntry(entry, new Place(entry.Key, problems)) is { } read) entries.Add(read);
            }
        }
        else
        {
            problems.Add($"expected a map of keys of the job, found {root.Found}", root.Origin, "", $"for example: {Sample}");
        }
        problems.ThrowIfAny();
        return entries;
    }

    /// <summary>Two entries that set the same thing would undo each other.</summary>
    private static void ReportOverlap(MapEntry entry, MapNode map, ProblemList problems)
    {
        if (map.Entries.FirstOrDefault(e => entry.Key.StartsWith(e.Key + ".", StringComparison.Ordinal)) is not { } outer) return;
        problems.Add($"\"{outer.Key}\" is searched, too, and holds \"{entry.Key}\"", entry.Origin, "", "keep one of the two");
    }

    private static SpaceEntry? ReadEntry(MapEntry entry, Place place)
    {
        if (entry.Value is not MapNode map)
        {
            place.Add($"expected what to try, found {entry.Value.Found}", entry.Value.Origin, $"for example: {Sample}");
            return null;
        }
        int before = place.Problems.Count;
        // Beside "int", "log" is a switch.
        string[] kinds = [.. map.Entries.Select(e => e.Key).Where(k => s_kinds.Contains(k) && (k != Log || map[Int] is null))];
        foreach (MapEntry unknown in map.Entries.Where(e => e.Key != Points && !s_kinds.Contains(e.Key)))
            place.Key(unknown.Key).Add($"unknown key \"{unknown.Key}\"", unknown.Origin, NearestKey.Suggest(unknown.Key, [.. s_kinds, Points], "keys"));
        if (kinds.Length != 1 && place.Problems.Count == before)
        {
            string found = kinds.Length == 0 ? "none" : string.Join(" and ", kinds);
            place.Add($"expected one of {string.Join(", ", s_kinds)}, found {found}", map.Origin, $"for example: {Sample}");
        }
        if (place.Problems.Count > before) return null;
        int points = map[Points] is { } node ? Numbers.Count(1, MostPoints, sample: 5).Read(node, place.Key(Points), DefaultPoints) : DefaultPoints;
        Place of = place.Key(kinds[0]);
        Node value = map[kinds[0]]!;
        string[] choices = kinds[0] == Choice ? ReadChoices(value, of) : [];
        SearchParameter? parameter = kinds[0] switch
        {
            Choice => choices.Length > 0 ? new ChoiceParameter(choices.Length) : null,
            Int => ReadWhole(value, of, map[Log] is { } log && FlagForm.Instance.Read(log, place.Key(Log), false)),
            _ => ReadReal(value, of, isLog: kinds[0] == Log),
        };
        return place.Problems.Count > before ? null : new SpaceEntry(entry.Key, parameter!, choices, points, entry.Origin.ToString());
    }

    private static RealParameter? ReadReal(Node node, Place place, bool isLog) =>
        ReadRange(node, place, isLog ? Numbers.Positive : Numbers.Any, "[0.001, 0.1]") is var (low, high) ? new RealParameter(low, high, isLog) : null;

    private static WholeParameter? ReadWhole(Node node, Place place, bool isLog)
    {
        CountForm number = Numbers.Count(isLog ? 1 : -1_000_000_000, 1_000_000_000, sample: 16);
        return ReadRange(node, place, number, "[16, 256]") is var (low, high) ? new WholeParameter(low, high, isLog) : null;
    }

    private static (T Low, T High)? ReadRange<T>(Node node, Place place, Form<T> form, string sample) where T : struct, IComparable<T>
    {
        if (node is not ListNode { Items: [var first, var second] })
        {
            place.Add($"expected the least and the greatest value, found {node.Found}", node.Origin, $"for example: {place.Show(sample)}");
            return null;
        }
        int before = place.Problems.Count;
        T low = form.Read(first, place, default), high = form.Read(second, place, default);
        if (place.Problems.Count > before) return null;
        if (low.CompareTo(high) < 0) return (low, high);
        string found = string.Create(CultureInfo.InvariantCulture, $"the least value, {low}, is not below the greatest, {high}");
        place.Add(found, node.Origin, $"for example: {place.Show(sample)}");
        return null;
    }

    private static string[] ReadChoices(Node node, Place place)
    {
        if (node is not ListNode { Items.Count: > 0 } list)
        {
            place.Add($"expected a list of values, found {(node is ListNode ? "an empty list" : node.Found)}", node.Origin, $"for example: {place.Show("[32, 64]")}");
            return [];
        }
        string[] texts = [.. list.Items.Select(YamlWriter.Flow)];
        for (int i = 1; i < texts.Length; i++)
        {
            if (Array.IndexOf(texts, texts[i]) < i) place.Add($"the value {texts[i]} stands here twice", list.Items[i].Origin, "keep one");
        }
        return texts;
    }
}
