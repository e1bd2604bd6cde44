using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DistBp.Cluster.Wire.Members;

/// <summary>A range of a tensor as memory of bytes, which a socket can be given to send; one at a time, so that it costs nothing.</summary>
internal sealed unsafe class TensorCast : MemoryManager<byte>
{
    private TensorBytes _tensor;
    private long _offset;
    private int _count;
    private MemoryHandle _pin;

    /// <summary>Valid until the next call.</summary>
    public ReadOnlyMemory<byte> Of(TensorBytes tensor, long offsetBytes, int byteCount)
    {
        (_tensor, _offset, _count) = (tensor, offsetBytes, byteCount);
        return CreateMemory(byteCount);
    }

    public override Span<byte> GetSpan()
    {
        // Memory<byte> asks for a writable span; it is given away as read-only memory alone.
        ReadOnlySpan<byte> range = _tensor.Range(_offset, _count);
        return MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(range), range.Length);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        _pin = !_tensor.Floats.IsEmpty ? _tensor.Floats.Pin() : !_tensor.Integers.IsEmpty ? _tensor.Integers.Pin() : _tensor.Bytes.Pin();
        return new MemoryHandle((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(GetSpan())) + elementIndex, default, this);
    }

    public override void Unpin() => _pin.Dispose();

    protected override void Dispose(bool disposing) => _tensor = default;
}
