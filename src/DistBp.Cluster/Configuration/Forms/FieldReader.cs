using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>Reads the keys of a map; at the end, whatever was not asked for is an unknown key.</summary>
internal sealed class FieldReader(MapNode map, Place place) : IFields
{
    private readonly List<string> _known = [];
    private readonly Dictionary<string, string> _notAvailable = [];

    public T Field<T>(string key, T value, Form<T> form, bool required = false)
    {
        _known.Add(key);
        Node? node = map[key];
        if (node is null or ScalarNode { IsNull: true })
        {
            if (required)
                place.Key(key).Add($"the key \"{key}\" is missing", node?.Origin ?? map.Origin, $"for example: {key}: {form.Sample}");
            return value;
        }
        if (node is not ScalarNode { IsEmpty: true }) return form.Read(node, place.Key(key), value);
        place.Key(key).Add($"the key \"{key}\" has no value", node.Origin, $"for example: {key}: {form.Sample}");
        return value;
    }

    public T? Optional<T>(string key, T? value, Form<T> form) where T : class => Field(key, value!, form);

    public void NotAvailable(string why, params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys) _notAvailable[key] = why;
    }

    public void Skip(params ReadOnlySpan<string> keys) => _known.AddRange(keys);

    public void ReportUnknown()
    {
        foreach (MapEntry entry in map.Entries)
        {
            if (place.Problems.IsFull) return;
            if (_known.Contains(entry.Key)) continue;
            if (_notAvailable.TryGetValue(entry.Key, out string? why))
                place.Key(entry.Key).Add($"\"{entry.Key}\" {why}", entry.Origin, "delete it");
            else
                place.Key(entry.Key).Add($"unknown key \"{entry.Key}\"", entry.Origin, NearestKey.Suggest(entry.Key, _known, "keys"));
        }
    }
}
