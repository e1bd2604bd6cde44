using System.Globalization;
using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>Where a form reads: the key's path from the root ("model.layers.1.dense"), and where to report what is wrong.</summary>
internal readonly record struct Place(string Path, ProblemList Problems)
{
    private string LastKey => Path[(Path.LastIndexOf('.') + 1)..];

    public Place Key(string key) => this with { Path = Path.Length == 0 ? key : $"{Path}.{key}" };

    public Place Item(int index) => Key(index.ToString(CultureInfo.InvariantCulture));

    public void Add(string what, Origin origin, string remedy) => Problems.Add(what, origin, Path, remedy);

    /// <summary>"rate: 0.1" where the place is a key, "- 0.1" where it is a list's item.</summary>
    public string Show(string sample) => LastKey.Length == 0 ? sample : char.IsAsciiDigit(LastKey[0]) ? $"- {sample}" : $"{LastKey}: {sample}";
}
