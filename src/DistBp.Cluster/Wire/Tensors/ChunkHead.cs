using System.Buffers.Binary;
using System.Numerics;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Wire.Tensors;

/// <summary>
/// What stands before a chunk's payload on the wire: gRPC's five bytes and the fields of the message TensorChunk (protos/distbp/v1), which any
/// protobuf reader understands. Written and read by hand so that the payload needs no copy.
/// </summary>
/// <param name="Tensor">Which tensor of the stream.</param>
/// <param name="OffsetBytes">Of the payload in the tensor.</param>
internal readonly record struct ChunkHead(uint Checksum, uint Tensor, ulong OffsetBytes, int PayloadBytes)
{
    /// <summary>gRPC's prefix, two fixed32, one fixed64, the payload's tag and its length.</summary>
    public const int MaxBytes = PrefixBytes + FieldBytes + 1 + MaxVarint;

    public const int PrefixBytes = 5;

    private const int FieldBytes = 5 + 5 + 9, MaxVarint = 5;
    private const byte ChecksumTag = 1 << 3 | 5, TensorTag = 2 << 3 | 5, OffsetTag = 3 << 3 | 1, PayloadTag = 15 << 3 | 2;

    /// <returns>How many bytes were written.</returns>
    public int Write(Span<byte> bytes)
    {
        int length = FieldBytes + 1 + VarintBytes((uint)PayloadBytes) + PayloadBytes;
        bytes[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(bytes[1..], length);
        bytes[5] = ChecksumTag;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[6..], Checksum);
        bytes[10] = TensorTag;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[11..], Tensor);
        bytes[15] = OffsetTag;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], OffsetBytes);
        bytes[24] = PayloadTag;
        int at = 25;
        uint rest = (uint)PayloadBytes;
        for (; rest >= 0x80; rest >>= 7) bytes[at++] = (byte)(rest | 0x80);
        bytes[at++] = (byte)rest;
        return at;
    }

    /// <summary>Reads a head of a message of any protobuf writer, as long as the payload comes last, as the numbers of the fields ask for.</summary>
    /// <param name="bytes">The message from gRPC's prefix on, as much as there is.</param>
    /// <param name="consumed">Bytes before the payload.</param>
    /// <returns>False: more bytes are needed.</returns>
    /// <exception cref="RpcException">The bytes are no chunk, or its payload is longer than <paramref name="maxPayloadBytes"/>.</exception>
    public static bool TryRead(ReadOnlySpan<byte> bytes, int maxPayloadBytes, out ChunkHead head, out int consumed)
    {
        (head, consumed) = (default, 0);
        if (bytes.Length < PrefixBytes) return false;
        if (bytes[0] != 0) throw Malformed("it is compressed");
        uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]);
        if (length > (uint)maxPayloadBytes + MaxBytes)
            throw new RpcException(StatusCode.ResourceExhausted, $"a chunk of {length} bytes is longer than the limit of {maxPayloadBytes}");
        uint checksum = 0, tensor = 0;
        ulong offset = 0;
        int at = PrefixBytes, end = PrefixBytes + (int)length;
        while (at < end)
        {
            if (at >= bytes.Length) return false;
            byte tag = bytes[at++];
            int size = tag switch { ChecksumTag or TensorTag => 4, OffsetTag => 8, PayloadTag => 0, _ => throw Malformed($"it has a field with the tag {tag}") };
            if (bytes.Length - at < size) return false;
            if (at + size > end) throw Malformed("a field is cut off");
            ReadOnlySpan<byte> value = bytes.Slice(at, size);
            at += size;
            switch (tag)
            {
                case ChecksumTag: checksum = BinaryPrimitives.ReadUInt32LittleEndian(value); break;
                case TensorTag: tensor = BinaryPrimitives.ReadUInt32LittleEndian(value); break;
                case OffsetTag: offset = BinaryPrimitives.ReadUInt64LittleEndian(value); break;
                default:
                    if (!TryReadVarint(bytes, ref at, out uint payload)) return false;
                    if (payload != (ulong)(end - at)) throw Malformed("the payload is not its last field, or is cut off");
                    head = new ChunkHead(checksum, tensor, offset, (int)payload);
                    consumed = at;
                    return true;
            }
        }
        head = new ChunkHead(checksum, tensor, offset, 0);
        consumed = at;
        return true;
    }

    private static bool TryReadVarint(ReadOnlySpan<byte> bytes, ref int at, out uint value)
    {
        value = 0;
        for (int shift = 0; shift < 7 * MaxVarint; shift += 7)
        {
            if (at >= bytes.Length) return false;
            byte b = bytes[at++];
            value |= (uint)(b & 0x7F) << shift;
            if (b < 0x80) return true;
        }
        throw Malformed("its payload's length is too long");
    }

    private static int VarintBytes(uint value) => (38 - BitOperations.LeadingZeroCount(value | 1)) / 7;

    private static RpcException Malformed(string why) => new(StatusCode.Internal, $"a chunk is malformed: {why}");
}
