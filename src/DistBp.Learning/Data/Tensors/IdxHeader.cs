using System.Buffers.Binary;

namespace DistBp.Learning.Data.Tensors;

/// <summary>The IDX format of the MNIST files: 0, 0, type, rank, then the dimensions and the data, all big-endian.</summary>
internal static class IdxHeader
{
    private const int MostDimensions = 8;

    public static bool Matches(ReadOnlySpan<byte> start) => start is [0, 0, 0x08 or 0x09 or 0x0B or 0x0C or 0x0D or 0x0E,
        <= MostDimensions, ..];

    public static TensorHeader Read(Stream stream, string path)
    {
        Span<byte> start = stackalloc byte[4 + (4 * MostDimensions)];
        int got = DataFile.ReadFully(stream, start[..4], path);
        if (got < 4 || !Matches(start[..4]))
        {
            got += DataFile.ReadFully(stream, start.Slice(got, 8 - got), path);
            throw new UserException(ErrorKind.Data, $"This is not an idx file: {DataFile.LooksLike(start[..got])}.", path,
                "an idx file starts with 0, 0, a type (08 to 0E) and the number of dimensions; check data.format and the path");
        }
        int rank = start[3];
        Span<byte> sizes = start.Slice(4, 4 * rank);
        if (DataFile.ReadFully(stream, sizes, path) < sizes.Length)
        {
            throw new UserException(ErrorKind.Data, $"The file is cut off within the header of its {rank} dimensions.", path,
                "copy or download the file again");
        }
        var dimensions = new long[rank];
        for (int d = 0; d < rank; d++) dimensions[d] = BinaryPrimitives.ReadUInt32BigEndian(sizes[(4 * d)..]);
        return new TensorHeader(dimensions, Type(start[2]), BigEndian: true, FortranOrder: false, 4 + (4 * rank));
    }

    private static ElementType Type(byte code) => code switch
    {
        0x08 => ElementType.U8,
        0x09 => ElementType.I8,
        0x0B => ElementType.I16,
        0x0C => ElementType.I32,
        0x0D => ElementType.F32,
        _ => ElementType.F64,
    };
}
