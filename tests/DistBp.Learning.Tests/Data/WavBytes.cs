using System.Buffers.Binary;
using System.Text;

namespace DistBp.Learning.Tests.Data;

/// <summary>Writes WAV files by hand.</summary>
internal static class WavBytes
{
    public static byte[] Chunk(string name, byte[] body, uint? declared = null) =>
        [.. Encoding.ASCII.GetBytes(name), .. UInt32(declared ?? (uint)body.Length), .. body, .. new byte[body.Length % 2]];

    public static byte[] Riff(params byte[][] chunks)
    {
        byte[] body = [.. "WAVE"u8, .. chunks.SelectMany(c => c)];
        return [.. "RIFF"u8, .. UInt32((uint)body.Length), .. body];
    }

    public static byte[] Format(int tag = 1, int channels = 1, uint rate = 8000, int bits = 16, int? block = null) =>
    [
        .. UInt16(tag), .. UInt16(channels), .. UInt32(rate), .. UInt32((uint)(rate * channels * bits / 8)),
        .. UInt16(block ?? channels * bits / 8), .. UInt16(bits),
    ];

    /// <summary>16-bit PCM of one channel.</summary>
    public static byte[] Pcm(params short[] samples) => Pcm(8000, samples);

    public static byte[] Pcm(uint rate, params short[] samples) =>
        Riff(Chunk("fmt ", Format(rate: rate)), Chunk("data", [.. samples.SelectMany(s => UInt16((ushort)s))]));

    private static byte[] UInt16(int value) => BitConverter.GetBytes((ushort)value);

    private static byte[] UInt32(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }
}
