namespace DistBp.Learning.Data.Tensors;

/// <summary>What the start of a tensor file declares; data follow it at once.</summary>
/// <param name="Dimensions">Samples outermost.</param>
/// <param name="Length">Of the header, in bytes.</param>
internal sealed record TensorHeader(long[] Dimensions, ElementType Type, bool BigEndian, bool FortranOrder, int Length)
{
    /// <summary>Checks the declared size against what the file can hold, before anything is allocated by it.</summary>
    /// <param name="mostBytes">See <see cref="DataFile.Open"/>.</param>
    /// <param name="compressed">Then <paramref name="mostBytes"/> is only a bound.</param>
    /// <param name="asStream">Only one sample has to fit into a buffer.</param>
    public void Validate(string path, long mostBytes, bool compressed, bool asStream = false)
    {
        if (Dimensions.Length == 0)
            throw new UserException(ErrorKind.Data, "The file holds a single number, no samples.", path,
                "the first dimension counts the samples");
        if (Dimensions[0] == 0) throw new UserException(ErrorKind.Data, "The file holds no samples.", path, "check how it was written");
        Int128 bytes = Elements.Size(Type);
        Int128 elements = 1;
        foreach (long dimension in Dimensions)
        {
            // Once the product is past every bound it stays there: no dimension after it may bring it back.
            elements = elements > long.MaxValue ? elements : elements * dimension;
        }
        if (elements == 0) throw new UserException(ErrorKind.Data, $"A sample of shape {Shape} has no elements.", path,
            "check how the file was written");
        bytes = bytes * (elements > long.MaxValue ? long.MaxValue : elements) + Length;
        if (bytes > mostBytes)
        {
            throw new UserException(ErrorKind.Data,
                $"The file is cut off: its header declares {Shape} elements, {bytes} bytes in all, and the file has {(compressed ? "at most " : "")}{mostBytes}.",
                path, "copy or download the file again");
        }
        Int128 held = asStream && !FortranOrder ? Int128.Max(elements / Dimensions[0], Dimensions[0]) : elements;
        if (held > Array.MaxLength - 64)
            throw new UserException(ErrorKind.Data, $"{held} elements are more than fit into one buffer (2^31).", path,
                "split the file");
    }

    /// <summary>"[60000, 28, 28]".</summary>
    public string Shape => $"[{string.Join(", ", Dimensions)}]";
}
