using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>Writes a float32 tensor as NumPy's .npy, version 1.0: little-endian, row-major, header padded to a multiple of 64 bytes.</summary>
public static class NpyWriter
{
    private const int AlignmentBytes = 64;
    private const int PreambleBytes = 10;

    /// <param name="data">[shape.ElementCount], row-major.</param>
    public static void Write(Stream destination, TensorShape shape, ReadOnlySpan<float> data)
    {
        if (shape.ElementCount != data.Length) throw new ArgumentException($"Shape {shape} for {data.Length} elements.", nameof(data));
        destination.Write(BuildHeader(shape));
        destination.Write(MemoryMarshal.AsBytes(data));
    }

    private static byte[] BuildHeader(TensorShape shape)
    {
        string dictionary = $"{{'descr': '<f4', 'fortran_order': False, 'shape': {Tuple(shape)}, }}";
        int unpadded = PreambleBytes + dictionary.Length + 1;
        int total = (unpadded + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes;
        var header = new byte[total];
        ReadOnlySpan<byte> magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0];
        magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(magic.Length), checked((ushort)(total - PreambleBytes)));
        Encoding.ASCII.GetBytes(dictionary, header.AsSpan(PreambleBytes));
        header.AsSpan(PreambleBytes + dictionary.Length).Fill((byte)' ');
        header[^1] = (byte)'\n';
        return header;
    }

    /// <summary>A Python tuple: one element keeps its comma.</summary>
    private static string Tuple(TensorShape shape) => shape.Rank == 1
        ? string.Create(CultureInfo.InvariantCulture, $"({shape[0]},)")
        : $"({string.Join(", ", shape.Dimensions.ToArray())})";
}
