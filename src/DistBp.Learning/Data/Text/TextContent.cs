using System.Buffers;
using System.Text;

namespace DistBp.Learning.Data.Text;

/// <summary>Reads a text in UTF-8 as characters (Unicode code points). A byte order mark is dropped; line ends stay as they are.</summary>
internal static class TextContent
{
    private const int MostBytes = 1 << 30;

    public static Rune[] Read(string path)
    {
        byte[] content = Bytes(path);
        ReadOnlySpan<byte> rest = content;
        if (rest.StartsWith(Encoding.UTF8.Preamble)) rest = rest[Encoding.UTF8.Preamble.Length..];
        var characters = new List<Rune>(rest.Length);
        for (int line = 1; !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf8(rest, out Rune character, out int consumed) != OperationStatus.Done)
            {
                throw new UserException(ErrorKind.Data, $"Byte {content.Length - rest.Length} ({rest[0]:X2}) is not UTF-8.", $"{path}:{line}",
                    "convert the text: iconv -f LATIN1 -t UTF-8 IN > OUT (with the encoding that it has)");
            }
            characters.Add(character);
            if (character.Value == '\n') line++;
            rest = rest[consumed..];
        }
        return [.. characters];
    }

    private static byte[] Bytes(string path)
    {
        using Stream stream = DataFile.Open(path, out _);
        using var content = new MemoryStream();
        var block = new byte[1 << 16];
        for (int got; (got = DataFile.ReadFully(stream, block, path)) > 0;)
        {
            content.Write(block, 0, got);
            if (content.Length > MostBytes) throw new UserException(ErrorKind.Data, $"The text is larger than {MostBytes >> 20} MiB.", path, "use a part of it");
        }
        return content.ToArray();
    }
}
