using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>A map with known keys.</summary>
/// <param name="prototype">Gives the defaults.</param>
/// <param name="describe">Names each key: see <see cref="IFields"/>.</param>
/// <param name="shorthand">The key whose value may stand for the whole map: "dense: 10" for "dense: {units: 10}".</param>
/// <param name="sample">As <see cref="Form{T}.Sample"/>.</param>
internal sealed class MapForm<T>(T prototype, Func<IFields, T, T> describe, string? shorthand = null, string sample = "{KEY: VALUE}") : Form<T>
{
    public override string Expected => "a map";

    public override string Sample => sample;

    public override T Read(Node node, Place place, T fallback)
    {
        if (node is MapNode { Whole: { } whole } overridden)
        {
            if (shorthand is null) return Wrong(whole, place, fallback);
            // An override that names the key goes over the scalar that stands for it.
            node = overridden[shorthand] is null ? overridden with { Entries = [.. overridden.Entries, Spelled(whole)] } : overridden;
        }
        else if (node is not MapNode)
        {
            if (shorthand is null) return Wrong(node, place, fallback);
            node = new MapNode(node.Origin, [Spelled(node)]);
        }
        var reader = new FieldReader((MapNode)node, place);
        T value = describe(reader, prototype);
        reader.ReportUnknown();
        return value;
    }

    public override Node Write(T value)
    {
        var writer = new FieldWriter();
        describe(writer, value);
        return writer.Map is { Entries: [var only] } && only.Key == shorthand ? only.Value : writer.Map;
    }

    private MapEntry Spelled(Node value) => new(shorthand!, value.Origin, value);
}
