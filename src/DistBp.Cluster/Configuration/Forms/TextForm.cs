using System.Text.RegularExpressions;
using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>A text that is not empty; numbers are texts too.</summary>
/// <param name="expected">As <see cref="Form{T}.Expected"/>.</param>
/// <param name="pattern">What the whole text matches.</param>
internal sealed partial class TextForm(string expected, string sample, Regex pattern) : Form<string>
{
    public static readonly TextForm Any = new("a text", "TEXT", AnyText());

    /// <summary>"" too, where that has a meaning.</summary>
    public static readonly TextForm MaybeEmpty = new("a text", "TEXT", MaybeEmptyText());

    public static readonly TextForm Path = new("a file's path", "FILE", AnyText());

    public static readonly TextForm Folder = new("a folder's path", "DIR", AnyText());

    /// <summary>A name that may become part of a file's name.</summary>
    public static readonly TextForm Name =
        new("a name of at most 64 letters, digits, \".\", \"_\" and \"-\" that starts with a letter or digit", "my-job", NameText());

    public override string Expected => expected;

    public override string Sample => sample;

    public override string Read(Node node, Place place, string fallback) =>
        node is ScalarNode scalar && pattern.IsMatch(scalar.Text) ? scalar.Text : Wrong(node, place, fallback);

    /// <summary>Quoted, for a text must not turn into a null; the writer leaves out quotes that are not needed.</summary>
    public override Node Write(string value) => new ScalarNode(default, value, Quoted: true);

    [GeneratedRegex(@"\A[^\0]+\z")]
    private static partial Regex AnyText();

    [GeneratedRegex(@"\A[^\0]*\z")]
    private static partial Regex MaybeEmptyText();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex NameText();
}
