using System.Buffers.Binary;

namespace DistBp.Cluster.Wire.Http2;

/// <summary>The nine bytes before each frame's payload (RFC 9113, section 4.1).</summary>
internal readonly record struct FrameHeader(int Length, FrameType Type, byte Flags, int Stream)
{
    public const int Bytes = 9;
    public const byte EndStream = 0x1, Ack = 0x1, EndHeaders = 0x4, Padded = 0x8, HasPriority = 0x20;

    public bool Has(byte flag) => (Flags & flag) != 0;

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)Length << 8 | (byte)Type);
        bytes[4] = Flags;
        BinaryPrimitives.WriteInt32BigEndian(bytes[5..], Stream);
    }

    public static FrameHeader Read(ReadOnlySpan<byte> bytes)
    {
        uint start = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return new FrameHeader((int)(start >> 8), (FrameType)(start & 0xFF), bytes[4], BinaryPrimitives.ReadInt32BigEndian(bytes[5..]) & int.MaxValue);
    }
}
