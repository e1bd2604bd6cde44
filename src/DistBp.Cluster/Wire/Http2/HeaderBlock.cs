using System.Globalization;
using System.Text;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Wire.Http2;

/// <summary>
/// As much of HPACK (RFC 7541) as a connection to our own server needs: literals without Huffman coding, and no dynamic table, which the
/// connection's settings switch off.
/// </summary>
internal static class HeaderBlock
{
    private const int StaticEntries = 61, PathName = 4, FirstStatus = 8;
    private static readonly string[] s_statuses = ["200", "204", "206", "304", "400", "404", "500"];

    /// <summary>The headers of a call.</summary>
    public static byte[] WriteRequest(string authority, string path, Metadata metadata)
    {
        var block = new List<byte>();
        // Indexed: ":method: POST" and ":scheme: http"; then the names ":path" and ":authority".
        block.AddRange([0x83, 0x86, 0x04]);
        WriteString(block, path);
        block.Add(0x01);
        WriteString(block, authority);
        WriteLiteral(block, "content-type", "application/grpc");
        WriteLiteral(block, "te", "trailers");
        foreach ((string name, string value) in metadata) WriteLiteral(block, name, value);
        return [.. block];
    }

    /// <summary>The headers before a response's messages.</summary>
    public static byte[] WriteResponse()
    {
        // Indexed: ":status: 200".
        var block = new List<byte> { 0x80 | FirstStatus };
        WriteLiteral(block, "content-type", "application/grpc");
        return [.. block];
    }

    /// <summary>The status after a response's messages, or instead of them.</summary>
    public static byte[] WriteTrailers(bool hasHeaders, StatusCode status, string detail)
    {
        var block = new List<byte>(hasHeaders ? [] : WriteResponse());
        WriteLiteral(block, "grpc-status", ((int)status).ToString(CultureInfo.InvariantCulture));
        if (detail.Length > 0) WriteLiteral(block, "grpc-message", PercentEncoding.Encode(detail));
        return [.. block];
    }

    /// <summary>The headers or trailers of a request or response. Names that only the static table knows are left out, but for ":path" and ":status".</summary>
    /// <exception cref="RpcException">The block is malformed or uses what was not agreed.</exception>
    public static List<KeyValuePair<string, string>> Read(ReadOnlySpan<byte> block)
    {
        var headers = new List<KeyValuePair<string, string>>();
        while (!block.IsEmpty)
        {
            byte first = block[0];
            if (first >= 0x80)
            {
                int index = ReadInteger(ref block, 7);
                if (index is 0 or > StaticEntries) throw Malformed($"an indexed header {index}");
                if (StatusAt(index) is { } status) headers.Add(new(":status", status));
            }
            else if (first >= 0x40 || first < 0x20)
            {
                int index = ReadInteger(ref block, first >= 0x40 ? 6 : 4);
                if (index > StaticEntries) throw Malformed($"a header of the name {index}");
                string? name = index == 0 ? ReadString(ref block) : NameAt(index);
                string value = ReadString(ref block);
                if (name is not null) headers.Add(new(name, value));
            }
            else if (ReadInteger(ref block, 5) != 0)
            {
                throw Malformed("a dynamic table");
            }
        }
        return headers;
    }

    private static string? StatusAt(int index)
        => index >= FirstStatus && index < FirstStatus + s_statuses.Length ? s_statuses[index - FirstStatus] : null;

    private static string? NameAt(int index) => index == PathName ? ":path" : StatusAt(index) is null ? null : ":status";

    private static void WriteLiteral(List<byte> block, string name, string value)
    {
        block.Add(0x00);
        WriteString(block, name);
        WriteString(block, value);
    }

    private static void WriteString(List<byte> block, string text)
    {
        int length = text.Length;
        if (length < 0x7F)
        {
            block.Add((byte)length);
        }
        else
        {
            block.Add(0x7F);
            for (length -= 0x7F; length >= 0x80; length >>= 7) block.Add((byte)(length & 0x7F | 0x80));
            block.Add((byte)length);
        }
        block.AddRange(Encoding.ASCII.GetBytes(text));
    }

    private static string ReadString(ref ReadOnlySpan<byte> block)
    {
        if (block.IsEmpty) throw Malformed("a string that is cut off");
        if (block[0] >= 0x80) throw Malformed("Huffman coding");
        int length = ReadInteger(ref block, 7);
        if (length > block.Length) throw Malformed("a string that is cut off");
        string text = Encoding.Latin1.GetString(block[..length]);
        block = block[length..];
        return text;
    }

    private static int ReadInteger(ref ReadOnlySpan<byte> block, int prefixBits)
    {
        int mask = (1 << prefixBits) - 1, value = block[0] & mask;
        block = block[1..];
        if (value < mask) return value;
        for (int shift = 0; ; shift += 7)
        {
            if (block.IsEmpty || shift > 21) throw Malformed("an integer that is cut off or too long");
            byte next = block[0];
            block = block[1..];
            value += (next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
    }

    private static RpcException Malformed(string what) => new(StatusCode.Internal, $"headers hold {what}, which was not agreed");
}
