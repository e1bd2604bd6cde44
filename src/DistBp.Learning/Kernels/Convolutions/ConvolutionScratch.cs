using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DistBp.Learning.Kernels.Convolutions;

/// <summary>Hands out the parts of a workspace one after the other, each on a cache line.</summary>
internal unsafe ref struct ConvolutionScratch
{
    private const int Line = 16;
    private float* _next;

    /// <param name="parts">Lengths of all parts that will be taken.</param>
    public ConvolutionScratch(MatrixWorkspace workspace, params ReadOnlySpan<int> parts)
    {
        long length = 0;
        foreach (int part in parts) length += Rounded(part);
        Span<float> memory = workspace.Scratch(checked((int)length));
        _next = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory));
    }

    public float* Take(int length)
    {
        float* part = _next;
        _next += Rounded(length);
        return part;
    }

    private static long Rounded(int length) => (length + (Line - 1L)) / Line * Line;
}
