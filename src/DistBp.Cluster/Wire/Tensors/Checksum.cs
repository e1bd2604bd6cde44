using System.Numerics;
using System.Runtime.InteropServices;

namespace DistBp.Cluster.Wire.Tensors;

/// <summary>CRC-32C (Castagnoli, 1993), by the processor's instruction; three runs at once, for one waits three cycles for each eight bytes.</summary>
internal static class Checksum
{
    private const uint Start = 0xFFFFFFFF;

    // Multiplying by x^(8·RunBytes) modulo the polynomial advances a checksum over a run of zeros.
    private const int RunBytes = 8192;
    private static readonly uint[][] s_advance = AdvanceTables();

    public static uint Compute(ReadOnlySpan<byte> bytes) => ~Extend(Start, bytes);

    /// <summary>For bytes that come in pieces: start from <see cref="Begin"/>, end with <see cref="End"/>.</summary>
    public static uint Begin => Start;

    public static uint End(uint state) => ~state;

    public static uint Extend(uint state, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 3 * RunBytes; bytes = bytes[(3 * RunBytes)..]) state = ExtendThreeRuns(state, bytes);
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words) state = BitOperations.Crc32C(state, word);
        foreach (byte b in bytes[(words.Length * sizeof(ulong))..]) state = BitOperations.Crc32C(state, b);
        return state;
    }

    private static uint ExtendThreeRuns(uint state, ReadOnlySpan<byte> bytes)
    {
        const int words = RunBytes / sizeof(ulong);
        ReadOnlySpan<ulong> first = MemoryMarshal.Cast<byte, ulong>(bytes), second = first.Slice(words, words), third = first.Slice(2 * words, words);
        first = first[..words];
        uint b = 0, c = 0;
        for (int i = 0; i < first.Length; i++)
        {
            state = BitOperations.Crc32C(state, first[i]);
            b = BitOperations.Crc32C(b, second[i]);
            c = BitOperations.Crc32C(c, third[i]);
        }
        return Advance(Advance(state) ^ b) ^ c;
    }

    private static uint Advance(uint state)
        => s_advance[0][state & 0xFF] ^ s_advance[1][state >> 8 & 0xFF] ^ s_advance[2][state >> 16 & 0xFF] ^ s_advance[3][state >> 24];

    private static uint[][] AdvanceTables()
    {
        // The map is linear: its value at each single bit gives it at each byte.
        var ofBit = new uint[32];
        for (int bit = 0; bit < 32; bit++)
        {
            uint state = 1u << bit;
            for (int i = 0; i < RunBytes / sizeof(ulong); i++) state = BitOperations.Crc32C(state, 0ul);
            ofBit[bit] = state;
        }
        var tables = new uint[4][];
        for (int position = 0; position < 4; position++)
        {
            tables[position] = new uint[256];
            for (int value = 0; value < 256; value++)
            {
                for (int bit = 0; bit < 8; bit++)
                {
                    if ((value >> bit & 1) != 0) tables[position][value] ^= ofBit[8 * position + bit];
                }
            }
        }
        return tables;
    }
}
