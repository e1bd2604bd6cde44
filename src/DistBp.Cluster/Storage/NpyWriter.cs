using System.Runtime.InteropServices;
using DistBp.Learning;
using DistBp.Learning.Data.Tensors;

namespace DistBp.Cluster.Storage;

/// <summary>Writes a float32 tensor as NumPy's .npy, version 1.0: little-endian, row-major, header padded to a multiple of 64 bytes.</summary>
public static class NpyWriter
{
    /// <param name="data">[shape.ElementCount], row-major.</param>
    public static void Write(Stream destination, TensorShape shape, ReadOnlySpan<float> data)
    {
        if (shape.ElementCount != data.Length) throw new ArgumentException($"Shape {shape} for {data.Length} elements.", nameof(data));
        destination.Write(NpyPreamble.Build("<f4", shape.Dimensions));
        destination.Write(MemoryMarshal.AsBytes(data));
    }
}
