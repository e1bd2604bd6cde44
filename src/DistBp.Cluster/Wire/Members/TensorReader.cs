using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Wire.Members;

/// <summary>The tensors of an envelope, one after the other.</summary>
internal ref struct TensorReader(ReadOnlySpan<TensorBytes> tensors)
{
    private readonly ReadOnlySpan<TensorBytes> _tensors = tensors;
    private int _next;

    public readonly int Left => _tensors.Length - _next;

    public ReadOnlyMemory<float> Floats() => Next(Encoding.Float32).Floats;

    public ReadOnlyMemory<int> Integers() => Next(Encoding.Int32).Integers;

    /// <summary>A tensor that is written as <paramref name="encoding"/> says.</summary>
    public ReadOnlyMemory<byte> Bytes(Encoding encoding) => Next(encoding).Bytes;

    private TensorBytes Next(Encoding encoding)
    {
        if (Left == 0) throw new RpcException(StatusCode.Internal, $"an envelope has only {_tensors.Length} tensors");
        TensorBytes tensor = _tensors[_next++];
        // An empty tensor has no elements that could be of another kind.
        if (tensor.Encoding != encoding && tensor.ByteCount > 0)
            throw new RpcException(StatusCode.Internal, $"tensor {_next - 1} of an envelope is {tensor.Encoding}, not {encoding}");
        return tensor;
    }
}
