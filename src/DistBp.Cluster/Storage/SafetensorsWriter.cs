using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>A float32 tensor to be written, row-major.</summary>
public readonly record struct SafetensorsTensor(string Name, TensorShape Shape, ReadOnlyMemory<float> Data);

/// <summary>
/// Writes float32 tensors as a safetensors file: the header's keys sorted by name (all types have one size here, so the format's order
/// "descending size, then name" is the order of the names' UTF-8 bytes), padded with spaces to a multiple of 8; then the tensors' memory as
/// it is. Equal tensors give equal bytes.
/// </summary>
public static class SafetensorsWriter
{
    private const int AlignmentBytes = 8;
    private static readonly JsonWriterOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="destination">Written from its current position; not flushed.</param>
    /// <param name="tensors">Names are unique and not "__metadata__".</param>
    /// <param name="metadata">The header's `__metadata__`, if any.</param>
    /// <returns>Length and SHA-256 of what was written.</returns>
    /// <exception cref="ArgumentException">A name is taken twice or reserved, or a shape is not its data's length.</exception>
    public static FileDigest Write(
        Stream destination, IEnumerable<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        SafetensorsTensor[] ordered = [.. tensors.OrderBy(t => t.Name, Utf8Order.Instance)];
        Validate(ordered);
        ReadOnlySpan<byte> header = BuildHeader(ordered, metadata);
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        using var writer = new DigestingWriter(destination);
        writer.Write(length);
        writer.Write(header);
        foreach (SafetensorsTensor tensor in ordered) writer.Write(MemoryMarshal.AsBytes(tensor.Data.Span));
        return writer.Finish();
    }

    private static void Validate(SafetensorsTensor[] ordered)
    {
        for (int i = 0; i < ordered.Length; i++)
        {
            (string name, TensorShape shape, ReadOnlyMemory<float> data) = ordered[i];
            if (name == "__metadata__") throw new ArgumentException($"'{name}' is a reserved name.", nameof(ordered));
            if (i > 0 && ordered[i - 1].Name == name) throw new ArgumentException($"Two tensors are called '{name}'.", nameof(ordered));
            if (shape.ElementCount != data.Length)
                throw new ArgumentException($"'{name}' of shape {shape} has {data.Length} elements.", nameof(ordered));
        }
    }

    private static ReadOnlySpan<byte> BuildHeader(SafetensorsTensor[] ordered, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        if (metadata is { Count: > 0 }) WriteMetadata(json, metadata);
        long begin = 0;
        foreach (SafetensorsTensor tensor in ordered)
        {
            long end = begin + ((long)tensor.Data.Length * sizeof(float));
            WriteEntry(json, tensor, begin, end);
            begin = end;
        }
        json.WriteEndObject();
        json.Flush();
        int padding = (AlignmentBytes - (buffer.WrittenCount % AlignmentBytes)) % AlignmentBytes;
        buffer.GetSpan(AlignmentBytes)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        return buffer.WrittenSpan;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject("__metadata__");
        foreach ((string key, string value) in metadata.OrderBy(m => m.Key, Utf8Order.Instance)) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, SafetensorsTensor tensor, long begin, long end)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", nameof(SafetensorsType.F32));
        json.WriteStartArray("shape");
        foreach (int dimension in tensor.Shape.Dimensions) json.WriteNumberValue(dimension);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(begin);
        json.WriteNumberValue(end);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Orders names as their UTF-8 bytes, as the format's reference writer does (UTF-16 order differs beyond U+FFFF).</summary>
    private sealed class Utf8Order : IComparer<string>
    {
        public static readonly Utf8Order Instance = new();

        public int Compare(string? x, string? y) => Encoding.UTF8.GetBytes(x!).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y!));
    }
}
