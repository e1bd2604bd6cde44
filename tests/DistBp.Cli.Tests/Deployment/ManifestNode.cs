using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DistBp.Cli.Tests.Deployment;

/// <summary>A value of a manifest; what is asked for and missing is named by its path.</summary>
internal sealed class ManifestNode(YamlNode node, string path)
{
    public string Text => node is YamlScalarNode scalar ? scalar.Value! : throw new InvalidDataException($"{path} is no text");

    /// <summary>A number, and not a text of digits: where Kubernetes wants an int32, it takes no other.</summary>
    public int Number => node is YamlScalarNode { Style: ScalarStyle.Plain } scalar
        ? int.Parse(scalar.Value!, CultureInfo.InvariantCulture) : throw new InvalidDataException($"{path} is no number");

    /// <summary>true or false, and not a text.</summary>
    public bool Flag => node is YamlScalarNode { Style: ScalarStyle.Plain } scalar
        ? bool.Parse(scalar.Value!) : throw new InvalidDataException($"{path} is neither true nor false");

    public IReadOnlyList<ManifestNode> Items => node is YamlSequenceNode list
        ? [.. list.Select((item, i) => new ManifestNode(item, $"{path}[{i}]"))] : throw new InvalidDataException($"{path} is no list");

    /// <summary>A map's keys with the texts of their values, ordered.</summary>
    public IReadOnlyDictionary<string, string> Texts => new SortedDictionary<string, string>(
        Map.Children.ToDictionary(c => ((YamlScalarNode)c.Key).Value!, c => ((YamlScalarNode)c.Value).Value!), StringComparer.Ordinal);

    public IEnumerable<string> Keys => Map.Children.Keys.Select(k => ((YamlScalarNode)k).Value!);

    private YamlMappingNode Map => node as YamlMappingNode ?? throw new InvalidDataException($"{path} is no map");

    public ManifestNode this[string key] => Find(key) ?? throw new InvalidDataException($"{path} has no {key}");

    /// <summary>Null where the map has no such key.</summary>
    public ManifestNode? Find(string key) => Map.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? child) ? new ManifestNode(child, $"{path}.{key}") : null;

    public override string ToString() => path;
}
