namespace DistBp.Learning.Kernels;

/// <summary>
/// Scratch memory of the kernels: packed panels and partial sums. One per thread that computes, made once; it grows to the largest
/// shape seen and then allocates no more. Holds nothing between two calls.
/// </summary>
public sealed class MatrixWorkspace
{
    private TensorBuffer _buffer = new(0);

    /// <summary>At least <paramref name="length"/> floats, 64-byte aligned, of undefined content; valid until the next call.</summary>
    internal Span<float> Scratch(int length)
    {
        if (_buffer.Length < length) _buffer = new TensorBuffer(length);
        return _buffer.Span[..length];
    }
}
