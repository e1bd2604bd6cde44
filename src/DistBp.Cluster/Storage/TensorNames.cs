using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>
/// Which tensor of a file is which parameter: by name, after renaming. A rule gives the file's name and ours; one * in both stands for any
/// text ("features.0.*" → "conv2d1.*"). Of several rules that fit a tensor the first one counts; a tensor that none fits keeps its name.
/// </summary>
internal sealed class TensorNames
{
    private readonly Dictionary<string, SafetensorsEntry> _byParameter = new(StringComparer.Ordinal);
    private readonly List<Problem> _problems = [];
    private readonly SafetensorsFile _file;

    public TensorNames(SafetensorsFile file, ParameterLayout layout, IReadOnlyList<KeyValuePair<string, string>> rename)
    {
        _file = file;
        var parameters = layout.Views.Select(v => v.Name).ToHashSet(StringComparer.Ordinal);
        int[] fits = new int[rename.Count], hits = new int[rename.Count];
        foreach (SafetensorsEntry entry in file.Entries)
        {
            int rule = 0;
            string? name = null;
            while (rule < rename.Count && (name = Renamed(entry.Name, rename[rule])) is null) rule++;
            if (name is null) continue;
            fits[rule]++;
            if (parameters.Contains(name)) hits[rule]++;
            if (_byParameter.TryGetValue(name, out SafetensorsEntry? other))
                Wrong($"'{other.Name}' and '{entry.Name}' of the file both become '{name}'", "rename them apart");
            _byParameter[name] = entry;
        }
        for (int rule = 0; rule < rename.Count; rule++)
        {
            (string from, string to) = rename[rule];
            if (fits[rule] == 0)
                Wrong($"the file has no tensor '{from}'", $"{NearestName.Suggestion(from, file.Entries.Select(e => e.Name))}it has {Names(file)}");
            else if (hits[rule] == 0)
                Wrong($"the model has no parameter '{to}'", $"{NearestName.Suggestion(to, parameters)}it has {NearestName.List(parameters)}");
        }
    }

    /// <summary>What is wrong with the rules.</summary>
    public IReadOnlyList<Problem> Problems => _problems;

    /// <summary>The tensor that is the parameter of that name, or null. One that was renamed goes before one that has the name itself.</summary>
    public SafetensorsEntry? Find(string parameter) => _byParameter.GetValueOrDefault(parameter) ?? _file.Find(parameter);

    /// <summary>The names of a file's tensors, the first of them where there are many.</summary>
    public static string Names(SafetensorsFile file) =>
        string.Join(", ", file.Entries.Take(4).Select(e => e.Name)) + (file.Entries.Count > 4 ? ", …" : "");

    private static string? Renamed(string name, KeyValuePair<string, string> rule)
    {
        int star = rule.Key.IndexOf('*', StringComparison.Ordinal);
        if (star < 0) return name == rule.Key ? rule.Value : null;
        string before = rule.Key[..star], after = rule.Key[(star + 1)..];
        return name.Length >= before.Length + after.Length && name.StartsWith(before, StringComparison.Ordinal)
            && name.EndsWith(after, StringComparison.Ordinal)
            ? rule.Value.Replace("*", name[before.Length..^after.Length], StringComparison.Ordinal) : null;
    }

    private void Wrong(string what, string remedy) => _problems.Add(new Problem(what, $"rename, {_file.Path}", remedy));
}
