using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace DistBp.Cli.Pictures;

/// <summary>
/// Writes a picture as PNG (W3C, "Portable Network Graphics", second edition): eight bits a channel, no filter, one compressed piece. That much
/// needs no library, and none that draws without native code can be restored here.
/// </summary>
internal static class PngFile
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    /// <param name="rgb">[height, width, 3].</param>
    public static void Write(Stream output, int width, int height, ReadOnlySpan<byte> rgb)
    {
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        // Eight bits a channel, red green blue; deflate, filter by row, not interlaced.
        ((ReadOnlySpan<byte>)[8, 2, 0, 0, 0]).CopyTo(header[8..]);
        output.Write(Signature);
        WriteChunk(output, "IHDR", header);
        WriteChunk(output, "IDAT", Compress(width * 3, height, rgb));
        WriteChunk(output, "IEND", []);
    }

    private static byte[] Compress(int stride, int height, ReadOnlySpan<byte> rgb)
    {
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Optimal))
        {
            for (int row = 0; row < height; row++)
            {
                zlib.WriteByte(0); // this row has no filter
                zlib.Write(rgb.Slice(row * stride, stride));
            }
        }
        return compressed.ToArray();
    }

    private static void WriteChunk(Stream output, string type, ReadOnlySpan<byte> data)
    {
        var body = new byte[4 + data.Length];
        Encoding.ASCII.GetBytes(type, body);
        data.CopyTo(body.AsSpan(4));
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        output.Write(number);
        output.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(body));
        output.Write(number);
    }

    /// <summary>CRC-32 of ISO 3309, bit by bit: a picture has some kilobytes.</summary>
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }
}
