using DistBp.Learning.Kernels.Encodings;

namespace DistBp.Learning.Encodings;

/// <summary>
/// How parameters are written on their way from a server to the workers. The server keeps the exact ones, which it updates; what is trained
/// and dense reaches the workers rounded, the rest as it is. Rounding is elementwise: the bits depend on no sharding.
/// </summary>
public enum ParameterEncoding
{
    F32,
    Bf16,
    F16,
}

public static class ParameterEncodings
{
    /// <summary>Of one parameter.</summary>
    public static int ByteCount(this ParameterEncoding encoding) => encoding == ParameterEncoding.F32 ? sizeof(float) : sizeof(ushort);

    /// <summary>rounded = what <paramref name="exact"/> is once it was encoded and decoded; rounded may be exact.</summary>
    public static void Round(this ParameterEncoding encoding, ReadOnlySpan<float> exact, Span<float> rounded)
    {
        switch (encoding)
        {
            case ParameterEncoding.Bf16: HalfPrecision<Bf16>.Round(exact, rounded); break;
            case ParameterEncoding.F16: HalfPrecision<F16>.Round(exact, rounded); break;
            default: exact.CopyTo(rounded); break;
        }
    }

    /// <summary>For bf16 and f16: the codes of parameters, which are rounded or not yet.</summary>
    /// <param name="codes">As many as parameters.</param>
    public static void Encode(this ParameterEncoding encoding, ReadOnlySpan<float> parameters, Span<ushort> codes)
    {
        if (encoding == ParameterEncoding.Bf16) HalfPrecision<Bf16>.Encode(parameters, codes);
        else HalfPrecision<F16>.Encode(parameters, codes);
    }

    /// <summary>The inverse of <see cref="Encode"/>.</summary>
    public static void Decode(this ParameterEncoding encoding, ReadOnlySpan<ushort> codes, Span<float> parameters)
    {
        if (encoding == ParameterEncoding.Bf16) HalfPrecision<Bf16>.Decode(codes, parameters);
        else HalfPrecision<F16>.Decode(codes, parameters);
    }
}
