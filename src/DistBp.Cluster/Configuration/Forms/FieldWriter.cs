using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>Writes the keys of a map.</summary>
internal sealed class FieldWriter : IFields
{
    private readonly List<MapEntry> _entries = [];

    public MapNode Map => new(default, _entries);

    public T Field<T>(string key, T value, Form<T> form, bool required = false)
    {
        if (value is not null) _entries.Add(new MapEntry(key, default, form.Write(value)));
        return value;
    }

    public T? Optional<T>(string key, T? value, Form<T> form) where T : class => Field(key, value!, form);

    public void NotAvailable(string why, params ReadOnlySpan<string> keys)
    {
        // Nothing to write.
    }

    public void Skip(params ReadOnlySpan<string> keys)
    {
        // A value that exists has no errors.
    }
}
