using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace DistBp.Cluster.Configuration.Yaml;

/// <summary>YamlDotNet's parser, whose every complaint is a <see cref="YamlException"/>.</summary>
internal sealed class StrictParser(string text) : IParser
{
    public const string Unfinished = "expected ',' or a closing bracket";

    private readonly Parser _parser = new(new StringReader(text));

    public ParsingEvent? Current => _parser.Current;

    public bool MoveNext()
    {
        try
        {
            return _parser.MoveNext();
        }
        catch (InvalidOperationException error)
        {
            // Seen for a list that is not closed before the next key: its stack of possible keys is empty.
            Mark end = Current?.End ?? Mark.Empty;
            throw new YamlException(end, end, Unfinished, error);
        }
    }
}
