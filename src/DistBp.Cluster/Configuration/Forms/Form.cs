using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>How a value is written in a configuration file: reads it from a node, checks it, and writes it back. Stateless.</summary>
internal abstract class Form<T>
{
    /// <summary>What may stand here, to follow "expected": "a whole number of at least 1".</summary>
    public abstract string Expected { get; }

    /// <summary>An example, as it is written.</summary>
    public abstract string Sample { get; }

    /// <returns>The value, or <paramref name="fallback"/> where what is wrong was added to the place's problems.</returns>
    public abstract T Read(Node node, Place place, T fallback);

    public abstract Node Write(T value);

    protected T Wrong(Node node, Place place, T fallback)
    {
        place.Add($"expected {Expected}, found {node.Found}", node.Origin, $"for example: {place.Show(Sample)}");
        return fallback;
    }

    protected static ScalarNode Plain(string text) => new(default, text, Quoted: false);
}
