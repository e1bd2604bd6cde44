using System.Collections.Concurrent;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members;
using DistBp.Learning;
using DistBp.Protocol;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Hosting;

/// <summary>
/// Memory for the tensors of arriving messages. A gradient of a subtree comes into the same buffer in each step of a generation: the server has
/// read it when it commits the step, and the worker sends the next one only after that. So does the root that a server's backup gets, by turns into two.
/// </summary>
/// <param name="layout">No tensor is larger than all parameters, with the position of each.</param>
internal sealed class MessageMemory(ParameterLayout layout)
{
    /// <summary>Of topK: a number and its place in the block.</summary>
    private const int MaxBytesANumber = sizeof(float) + sizeof(ushort);

    private readonly ConcurrentDictionary<GradientTensor, Buffer> _gradients = [];
    private readonly Lock _lock = new();
    private Generation _newest;

    public TensorTarget Destination(Contract.Envelope envelope, int tensor, long byteCount)
    {
        Contract.Encoding encoding = envelope.Tensors[tensor].Encoding;
        bool whole = encoding is not (Contract.Encoding.Float32 or Contract.Encoding.Int32) || byteCount % sizeof(float) == 0;
        if (byteCount > MaxBytesANumber * (long)layout.Count || !whole)
            throw new RpcException(StatusCode.Internal, $"a tensor of {byteCount} bytes came, and the network has {layout.Count} parameters");
        return envelope.BodyCase switch
        {
            Contract.Envelope.BodyOneofCase.PushGradient or Contract.Envelope.BodyOneofCase.ReplicateGradient =>
                Gradient(envelope, tensor, encoding, (int)byteCount),
            Contract.Envelope.BodyOneofCase.ShardRead or Contract.Envelope.BodyOneofCase.HandShard or Contract.Envelope.BodyOneofCase.ResidualsCaptured
                or Contract.Envelope.BodyOneofCase.HandResiduals => new Buffer(encoding, (int)byteCount).Target((int)byteCount),
            _ => throw new RpcException(StatusCode.Internal, $"a {envelope.BodyCase} has no tensors"),
        };
    }

    private TensorTarget Gradient(Contract.Envelope envelope, int tensor, Contract.Encoding encoding, int byteCount)
    {
        Generation generation = envelope.Generation.ToProtocol();
        Forget(generation);
        var key = new GradientTensor(generation, envelope.To.ToProtocol(), SourceOf(envelope), tensor);
        // Touched rows are more in one step than in another.
        if (!_gradients.TryGetValue(key, out Buffer? buffer) || !buffer.Holds(encoding, byteCount))
            _gradients[key] = buffer = new Buffer(encoding, byteCount);
        return buffer.Target(byteCount);
    }

    private static GradientSource SourceOf(Contract.Envelope envelope)
    {
        if (envelope.PushGradient is { } push) return new GradientSource(push.Subtree.ToProtocol(), null, 0);
        return new GradientSource(default, envelope.ReplicateGradient.Server, (int)(envelope.ReplicateGradient.Step & 1));
    }

    /// <summary>What is of a generation before is needed no more.</summary>
    private void Forget(Generation newest)
    {
        lock (_lock)
        {
            if (newest <= _newest) return;
            _newest = newest;
        }
        foreach (GradientTensor old in _gradients.Keys.Where(k => k.Generation < newest)) _gradients.TryRemove(old, out _);
    }

    /// <summary>Whose gradients come one after the other into the same memory.</summary>
    /// <param name="Subtree">Of a push.</param>
    /// <param name="Server">Whose root it is; null for a push.</param>
    /// <param name="Parity">Of a root's step: the next one's may come while this one's is still needed, and no later one.</param>
    private readonly record struct GradientSource(Subtree Subtree, int? Server, int Parity);

    private readonly record struct GradientTensor(Generation Generation, Address To, GradientSource Source, int Tensor);

    private sealed class Buffer
    {
        private readonly Contract.Encoding _encoding;
        private readonly TensorBuffer? _floats;
        private readonly int[]? _integers;
        private readonly byte[]? _bytes;

        public Buffer(Contract.Encoding encoding, int byteCount)
        {
            _encoding = encoding;
            if (encoding == Contract.Encoding.Float32) _floats = new TensorBuffer(byteCount / sizeof(float));
            else if (encoding == Contract.Encoding.Int32) _integers = new int[byteCount / sizeof(int)];
            else _bytes = new byte[byteCount];
        }

        public bool Holds(Contract.Encoding encoding, int byteCount) => _encoding == encoding
            && byteCount <= (_bytes?.Length ?? sizeof(float) * (long)(_floats?.Length ?? _integers!.Length));

        public TensorTarget Target(int byteCount)
        {
            if (_floats is not null) return _floats.Memory[..(byteCount / sizeof(float))];
            if (_integers is not null) return _integers.AsMemory(0, byteCount / sizeof(int));
            return new TensorTarget(_bytes.AsMemory(0, byteCount), _encoding);
        }
    }
}
