using System.Runtime.InteropServices;
using System.Security.Cryptography;
using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>
/// The `weightsSha256` of a result: SHA-256 of all parameters as little-endian float32 in the order of the layers, first those that are
/// trained, then all others. (Every processor that this runtime vectorizes for is little-endian, so that is the memory as it is.)
/// </summary>
public static class WeightsHash
{
    /// <param name="layout">Gives the expected length.</param>
    /// <param name="parameters">[layout.Count], the flat buffer.</param>
    /// <returns>64 lower-case hex digits.</returns>
    public static string Compute(ParameterLayout layout, ReadOnlySpan<float> parameters)
    {
        if (parameters.Length != layout.Count)
            throw new ArgumentException($"Got {parameters.Length} parameters, expected {layout.Count}.", nameof(parameters));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (ParameterView view in layout.Views.OrderBy(v => (!v.Trained, v.Layer, v.Index)))
            hash.AppendData(MemoryMarshal.AsBytes(parameters.Slice(view.Offset, view.Count)));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
