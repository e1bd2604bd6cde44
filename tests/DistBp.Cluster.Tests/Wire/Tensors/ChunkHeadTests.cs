using System.Buffers.Binary;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Tensors;
using Google.Protobuf;

namespace DistBp.Cluster.Tests.Wire.Tensors;

public sealed class ChunkHeadTests
{
    private const int MaxPayload = 1 << 20;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(16_384)]
    [InlineData(MaxPayload)]
    public void What_is_written_by_hand_is_the_message_of_the_proto(int payloadBytes)
    {
        var payload = new byte[payloadBytes];
        new Random(payloadBytes).NextBytes(payload);
        var head = new ChunkHead(Checksum.Compute(payload), 7, 1UL << 40, payloadBytes);
        var bytes = new byte[ChunkHead.MaxBytes];
        int length = head.Write(bytes);
        byte[] message = [.. bytes.AsSpan(ChunkHead.PrefixBytes, length - ChunkHead.PrefixBytes), .. payload];
        Assert.Equal(message.Length, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(1)));
        Assert.Equal(
            new TensorChunk { Checksum = head.Checksum, Tensor = 7, Offset = 1UL << 40, Payload = ByteString.CopyFrom(payload) },
            TensorChunk.Parser.ParseFrom(message));
    }

    [Theory]
    [InlineData(0u, 0UL, 0)]
    [InlineData(5u, 0UL, 3)]
    [InlineData(0u, 99UL, 300)]
    public void What_any_protobuf_writer_writes_is_read(uint tensor, ulong offset, int payloadBytes)
    {
        var chunk = new TensorChunk { Checksum = 0xDEADBEEF, Tensor = tensor, Offset = offset, Payload = ByteString.CopyFrom(new byte[payloadBytes]) };
        byte[] message = chunk.ToByteArray(), bytes = [0, 0, 0, 0, 0, .. message];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), message.Length);
        Assert.True(ChunkHead.TryRead(bytes, MaxPayload, out ChunkHead head, out int consumed));
        Assert.Equal(new ChunkHead(0xDEADBEEF, tensor, offset, payloadBytes), head);
        Assert.Equal(bytes.Length - payloadBytes, consumed);
        for (int cut = 0; cut < consumed; cut++) Assert.False(ChunkHead.TryRead(bytes.AsSpan(0, cut), MaxPayload, out _, out _));
    }

    [Theory]
    [InlineData("01000000020000", StatusCode.Internal)]
    [InlineData("00FFFFFFFF0000", StatusCode.ResourceExhausted)]
    [InlineData("00000000020A00", StatusCode.Internal)]
    [InlineData("00000000037A0100FF", StatusCode.Internal, true)]
    [InlineData("00000000047A010000", StatusCode.Internal)]
    [InlineData("00000000020D01020304", StatusCode.Internal)]
    [InlineData("00000000077AFFFFFFFFFFFF", StatusCode.Internal)]
    public void What_is_no_chunk_is_refused(string hex, object status, bool isWhole = false)
    {
        byte[] bytes = Convert.FromHexString(hex);
        if (isWhole)
        {
            Assert.True(ChunkHead.TryRead(bytes, MaxPayload, out _, out _));
            return;
        }
        Assert.Equal((StatusCode)status, Assert.Throws<RpcException>(() => ChunkHead.TryRead(bytes, MaxPayload, out _, out _)).Status);
    }
}
