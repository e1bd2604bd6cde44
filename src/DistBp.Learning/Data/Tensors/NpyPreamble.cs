using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace DistBp.Learning.Data.Tensors;

/// <summary>What stands before the data of a file in NumPy's npy format, version 1.0, little-endian and row-major.</summary>
public static class NpyPreamble
{
    private const int AlignmentBytes = 64;
    private const int PrefixBytes = 10;

    /// <param name="descr">The type of the elements as NumPy writes it: "&lt;f4", "|u1".</param>
    /// <returns>A multiple of 64 bytes.</returns>
    public static byte[] Build(string descr, ReadOnlySpan<int> dimensions)
    {
        string dictionary = $"{{'descr': '{descr}', 'fortran_order': False, 'shape': {Tuple(dimensions)}, }}";
        int unpadded = PrefixBytes + dictionary.Length + 1;
        int total = (unpadded + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes;
        var header = new byte[total];
        ReadOnlySpan<byte> magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0];
        magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(magic.Length), checked((ushort)(total - PrefixBytes)));
        Encoding.ASCII.GetBytes(dictionary, header.AsSpan(PrefixBytes));
        header.AsSpan(PrefixBytes + dictionary.Length).Fill((byte)' ');
        header[^1] = (byte)'\n';
        return header;
    }

    /// <summary>A Python tuple: one element keeps its comma.</summary>
    private static string Tuple(ReadOnlySpan<int> dimensions) => dimensions.Length == 1
        ? string.Create(CultureInfo.InvariantCulture, $"({dimensions[0]},)")
        : $"({string.Join(", ", dimensions.ToArray())})";
}
