using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members.Contract;
using DistBp.Cluster.Wire.Shared;

namespace DistBp.Cluster.Wire.Members;

/// <summary>The tensors of a stream that were announced and not yet delivered. Their number and their bytes are bounded.</summary>
internal sealed class OpenTensors(IDeliveryHost host, DeliveryLimits limits, PeerSegments segments)
{
    private readonly Dictionary<uint, IncomingTensor> _open = [];
    private readonly Stack<IncomingTensor> _spare = [];
    private long _bytes;

    public IncomingTensor? Find(uint number) => _open.GetValueOrDefault(number);

    public IncomingTensor Open(Envelope envelope, int index)
    {
        Tensor info = envelope.Tensors[index];
        if (_open.Count == limits.MaxOpenTensors)
            throw new RpcException(StatusCode.ResourceExhausted, $"{_open.Count} tensors are announced and not complete: that is the limit");
        if (info.Bytes > (ulong)(limits.MaxOpenBytes - _bytes))
            throw new RpcException(StatusCode.ResourceExhausted, $"a tensor of {info.Bytes} bytes is announced, which goes beyond the limit of {limits.MaxOpenBytes}");
        if (_open.ContainsKey(info.Number)) throw new RpcException(StatusCode.Internal, $"the tensor {info.Number} is announced twice");
        IncomingTensor tensor = _spare.TryPop(out IncomingTensor? spare) ? spare : new IncomingTensor();
        tensor.Begin(envelope, info.Number, (long)info.Bytes, Target(envelope, index, info), isThere: info.Place is not null);
        _open.Add(info.Number, tensor);
        _bytes += tensor.ByteCount;
        return tensor;
    }

    public void Close(IncomingTensor tensor)
    {
        _open.Remove(tensor.Number);
        _bytes -= tensor.ByteCount;
        tensor.Begin(null, 0, 0, default, isThere: false);
        _spare.Push(tensor);
    }

    private TensorTarget Target(Envelope envelope, int index, Tensor info)
    {
        if (info.Bytes == 0) return new TensorTarget(Memory<byte>.Empty, info.Encoding);
        if (info.Place is not null) return segments.At(info);
        TensorTarget target = host.Destination(envelope, index, (long)info.Bytes);
        if (!target.Discards && target.ByteCount != (long)info.Bytes)
            throw new InvalidOperationException($"The destination of {envelope.BodyCase}'s tensor {index} has {target.ByteCount} bytes, not {info.Bytes}.");
        return target;
    }
}
