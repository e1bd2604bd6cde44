using System.Text;
using System.Text.Json;
using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>
/// The JSON header of a safetensors file, read with every rejection of the format: bad UTF-8 or JSON, duplicate keys, unknown types, holes,
/// overlaps, a shape that is not the byte count, data that is not the file's length. Nothing is allocated on the word of the header.
/// </summary>
internal sealed record SafetensorsHeader(IReadOnlyList<SafetensorsEntry> Entries, IReadOnlyDictionary<string, string> Metadata)
{
    public const int MaxHeaderBytes = 100_000_000;
    private const string MetadataKey = "__metadata__";
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <param name="json">The header's N bytes.</param>
    /// <param name="dataBytes">Bytes of the file after the header.</param>
    /// <param name="path">For messages.</param>
    /// <exception cref="UserException">The header breaks a rule of the format.</exception>
    public static SafetensorsHeader Parse(ReadOnlyMemory<byte> json, long dataBytes, string path)
    {
        if (json.IsEmpty || json.Span[0] != (byte)'{') throw Damaged(path, "its header does not start with '{'");
        RequireUtf8(json.Span, path);
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Strict);
            var entries = new List<SafetensorsEntry>();
            IReadOnlyDictionary<string, string> metadata = new Dictionary<string, string>();
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.Name == MetadataKey) metadata = ParseMetadata(property.Value, path);
                else entries.Add(ParseEntry(property, path));
            }
            entries.Sort(static (a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
            RequireContiguous(entries, dataBytes, path);
            return new SafetensorsHeader(entries, metadata);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a lone surrogate in a \u escape, which JsonDocument finds only when the string is read.
            throw Damaged(path, $"its header is not valid JSON ({e.Message})", e);
        }
    }

    public static UserException Damaged(string path, string why, Exception? cause = null) =>
        new(ErrorKind.Checkpoint, $"not an intact safetensors file: {why}", path, "use another copy of the file or an earlier checkpoint", cause);

    private static void RequireUtf8(ReadOnlySpan<byte> json, string path)
    {
        try
        {
            StrictUtf8.GetCharCount(json);
        }
        catch (DecoderFallbackException e)
        {
            throw Damaged(path, "its header is not valid UTF-8", e);
        }
    }

    private static Dictionary<string, string> ParseMetadata(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Object) throw Damaged(path, $"{MetadataKey} is not a map");
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty item in value.EnumerateObject())
        {
            if (item.Value.ValueKind != JsonValueKind.String) throw Damaged(path, $"{MetadataKey} '{item.Name}' is not a string");
            metadata.Add(item.Name, item.Value.GetString()!);
        }
        return metadata;
    }

    private static SafetensorsEntry ParseEntry(JsonProperty property, string path)
    {
        string name = property.Name;
        if (property.Value.ValueKind != JsonValueKind.Object) throw Damaged(path, $"the entry of '{name}' is not a map");
        SafetensorsType? type = null;
        long[]? shape = null;
        long[]? offsets = null;
        foreach (JsonProperty field in property.Value.EnumerateObject())
        {
            switch (field.Name)
            {
                case "dtype": type = ParseType(field.Value, name, path); break;
                case "shape": shape = ParseCounts(field.Value, $"shape of '{name}'", path); break;
                case "data_offsets": offsets = ParseCounts(field.Value, $"data_offsets of '{name}'", path); break;
                default: throw Damaged(path, $"'{name}' has the unknown key '{field.Name}'");
            }
        }
        if (type is null || shape is null || offsets is not { Length: 2 })
            throw Damaged(path, $"'{name}' lacks dtype, shape or two data_offsets");
        var entry = new SafetensorsEntry(name, type.Value, shape, offsets[0], offsets[1]);
        if (entry.End < entry.Begin || entry.End - entry.Begin != ByteCount(entry, path))
            throw Damaged(path, $"'{name}' of {entry.Type} {entry.ShapeText} has bytes {entry.Begin} to {entry.End}");
        return entry;
    }

    private static SafetensorsType ParseType(JsonElement value, string name, string path)
    {
        string? text = value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
        return SafetensorsTypes.TryParse(text!, out SafetensorsType type) ? type : throw Damaged(path, $"'{name}' has the unknown dtype '{text}'");
    }

    private static long[] ParseCounts(JsonElement value, string what, string path)
    {
        if (value.ValueKind != JsonValueKind.Array) throw Damaged(path, $"the {what} is not a list");
        var counts = new long[value.GetArrayLength()];
        int index = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out long count) || count < 0)
                throw Damaged(path, $"the {what} holds {item.GetRawText()}, which is not a count");
            counts[index++] = count;
        }
        return counts;
    }

    private static long ByteCount(SafetensorsEntry entry, string path)
    {
        try
        {
            long bytes = entry.Type.SizeBytes();
            foreach (long dimension in entry.Shape) bytes = checked(bytes * dimension);
            return bytes;
        }
        catch (OverflowException e)
        {
            throw Damaged(path, $"the shape {entry.ShapeText} of '{entry.Name}' overflows", e);
        }
    }

    private static void RequireContiguous(List<SafetensorsEntry> entries, long dataBytes, string path)
    {
        long end = 0;
        foreach (SafetensorsEntry entry in entries)
        {
            if (entry.Begin != end) throw Damaged(path, $"'{entry.Name}' begins at byte {entry.Begin}, but the tensor before it ends at {end}");
            end = entry.End;
        }
        if (end != dataBytes) throw Damaged(path, $"its tensors take {end} bytes, but {dataBytes} follow the header");
    }
}
