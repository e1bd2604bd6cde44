namespace DistBp.Cluster.Storage;

/// <summary>One tensor of a safetensors file, row-major.</summary>
/// <param name="Shape">[] is a scalar; zero dimensions are legal.</param>
/// <param name="Begin">First byte, counted from the start of the data.</param>
/// <param name="End">One past the last byte.</param>
public sealed record SafetensorsEntry(string Name, SafetensorsType Type, IReadOnlyList<long> Shape, long Begin, long End)
{
    public long ElementCount => (End - Begin) / Type.SizeBytes();

    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}
