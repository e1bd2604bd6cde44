using System.Buffers.Binary;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Http2;
using DistBp.Cluster.Wire.Members.Contract;
using Google.Protobuf;

namespace DistBp.Cluster.Wire.Members;

/// <summary>What a receiver says to the sender: little, and seldom.</summary>
internal sealed class ReceiptReader(Http2Call call)
{
    private const int PrefixBytes = 5;

    private readonly byte[] _bytes = new byte[64 << 10];
    private int _count;

    /// <summary>The next receipt; null after the last, when the status was OK.</summary>
    /// <exception cref="RpcException">The status was another one, the connection broke, or what came is no receipt.</exception>
    public async ValueTask<Receipt?> ReadAsync()
    {
        int needed;
        while (_count < (needed = Needed()))
        {
            int count = await call.ReadAsync(_bytes.AsMemory(_count), default).ConfigureAwait(false);
            if (count == 0 && _count == 0) return null;
            if (count == 0) throw new RpcException(StatusCode.Internal, "the stream ended inside a receipt");
            _count += count;
        }
        Receipt receipt = Parse(_bytes.AsSpan(PrefixBytes, needed - PrefixBytes));
        _bytes.AsSpan(needed, _count - needed).CopyTo(_bytes);
        _count -= needed;
        return receipt;
    }

    private int Needed()
    {
        if (_count < PrefixBytes) return PrefixBytes;
        uint length = BinaryPrimitives.ReadUInt32BigEndian(_bytes.AsSpan(1));
        if (_bytes[0] != 0 || length > _bytes.Length - PrefixBytes)
            throw new RpcException(StatusCode.Internal, $"a receipt is compressed, or too long with {length} bytes");
        return PrefixBytes + (int)length;
    }

    private static Receipt Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Receipt.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new RpcException(StatusCode.Internal, $"a receipt is malformed: {e.Message}", e);
        }
    }
}
