using System.Buffers.Binary;
using System.Text;

namespace DistBp.Learning.Data.Tensors;

/// <summary>
/// NumPy's npy format, versions 1 to 3: "\x93NUMPY", major, minor, the header's length (u16 or, from version 2, u32, little-endian), a Python
/// dict literal with descr, fortran_order and shape, then the data. Object arrays are pickles, which could run code: refused.
/// </summary>
internal static class NpyHeader
{
    /// <summary>NumPy's own bound on a header that it trusts.</summary>
    public const int MostBytes = 10_000;

    public static bool Matches(ReadOnlySpan<byte> start) => start is [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', ..];

    public static TensorHeader Read(Stream stream, string path)
    {
        Span<byte> start = stackalloc byte[8];
        int got = DataFile.ReadFully(stream, start, path);
        if (got < 8 || !Matches(start))
        {
            throw new UserException(ErrorKind.Data, $"This is not an npy file: {DataFile.LooksLike(start[..got])}.", path,
                "write it with numpy.save; check data.format and the path");
        }
        int version = start[6];
        if (version is < 1 or > 3)
            throw new UserException(ErrorKind.Data, $"npy version {version} is unknown; 1, 2 and 3 are.", path, "write it with numpy.save");
        Span<byte> size = stackalloc byte[version == 1 ? 2 : 4];
        bool complete = DataFile.ReadFully(stream, size, path) == size.Length;
        long length = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(size) : BinaryPrimitives.ReadUInt32LittleEndian(size);
        if (length > MostBytes)
            throw new UserException(ErrorKind.Data, $"The npy header of {length} bytes is longer than {MostBytes}.", path,
                "write it with numpy.save");
        var header = new byte[length];
        if (!complete || DataFile.ReadFully(stream, header, path) < length)
            throw new UserException(ErrorKind.Data, "The file is cut off within its npy header.", path, "copy or download the file again");
        string literal = (version == 3 ? Encoding.UTF8 : Encoding.Latin1).GetString(header);
        NpyDictionary entries = NpyDictionary.Parse(literal, path);
        (ElementType type, bool bigEndian) = Type(entries.Descr, path);
        return new TensorHeader(entries.Shape, type, bigEndian, entries.FortranOrder, 8 + size.Length + (int)length);
    }

    private static (ElementType Type, bool BigEndian) Type(string descr, string path)
    {
        if (descr.Length >= 2 && descr[1..] is var code && descr[0] is '<' or '>' or '|' or '=')
        {
            ElementType? type = code switch
            {
                "b1" or "?" => ElementType.Bool,
                "u1" => ElementType.U8,
                "i1" => ElementType.I8,
                "u2" => ElementType.U16,
                "i2" => ElementType.I16,
                "u4" => ElementType.U32,
                "i4" => ElementType.I32,
                "u8" => ElementType.U64,
                "i8" => ElementType.I64,
                "f2" => ElementType.F16,
                "f4" => ElementType.F32,
                "f8" => ElementType.F64,
                _ => null,
            };
            if (type is { } known) return (known, descr[0] == '>' || (descr[0] == '=' && !BitConverter.IsLittleEndian));
        }
        string what = descr.Contains('O', StringComparison.Ordinal)
            ? $"The npy file holds Python objects (type '{descr}'), which only Python can read."
            : $"The npy element type '{descr}' is not read; f2, f4, f8, i1 to i8, u1 to u8 and bool are.";
        throw new UserException(ErrorKind.Data, what, path, "convert it in NumPy: numpy.save(file, array.astype('float32'))");
    }
}
