using System.Buffers;
using System.Buffers.Binary;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members.Contract;
using Google.Protobuf;

namespace DistBp.Cluster.Wire.Members;

/// <summary>
/// Deliveries as gRPC messages. One that is an envelope, as most are, is written around it and read past it: no <see cref="Delivery"/> is made.
/// </summary>
internal static class DeliveryCodec
{
    public const int PrefixBytes = 5;

    /// <summary>The first byte of a delivery that is an envelope: its length and itself follow, and nothing else.</summary>
    public const byte EnvelopeTag = Delivery.EnvelopeFieldNumber << 3 | WireTypeBytes;

    public const int WireTypeBytes = 2;

    private const int MaxVarint = 5;

    /// <summary>What stands before an envelope of so many bytes, gRPC's prefix included.</summary>
    public static int HeadBytes(int envelopeBytes) => PrefixBytes + 1 + CodedOutputStream.ComputeLengthSize(envelopeBytes);

    /// <param name="head">[<see cref="HeadBytes"/>]</param>
    public static void WriteHead(Span<byte> head, int envelopeBytes)
    {
        head[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(head[1..], head.Length - PrefixBytes + envelopeBytes);
        head[PrefixBytes] = EnvelopeTag;
        uint rest = (uint)envelopeBytes;
        for (int at = PrefixBytes + 1; at < head.Length; at++, rest >>= 7) head[at] = (byte)(rest & 0x7F | (at < head.Length - 1 ? 0x80u : 0));
    }

    /// <param name="delivery">Without the prefix; it begins with <see cref="EnvelopeTag"/>.</param>
    /// <exception cref="RpcException">INTERNAL: it is malformed.</exception>
    public static Envelope ReadEnvelope(in ReadOnlySequence<byte> delivery)
    {
        Span<byte> head = stackalloc byte[1 + MaxVarint];
        head = head[..(int)Math.Min(delivery.Length, head.Length)];
        delivery.Slice(0, head.Length).CopyTo(head);
        uint count = 0;
        for (int at = 1; at < head.Length; at++)
        {
            count |= (head[at] & 0x7Fu) << 7 * (at - 1);
            if (head[at] >= 0x80) continue;
            if (at + 1 + (long)count != delivery.Length) break;
            return Parse(Envelope.Parser, delivery.Slice(at + 1));
        }
        throw new RpcException(StatusCode.Internal, "a delivery is malformed: its envelope is cut off or not all of it");
    }

    /// <exception cref="RpcException">INTERNAL: it is malformed.</exception>
    public static T Parse<T>(MessageParser<T> parser, in ReadOnlySequence<byte> bytes)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new RpcException(StatusCode.Internal, $"a delivery is malformed: {e.Message}", e);
        }
    }
}
