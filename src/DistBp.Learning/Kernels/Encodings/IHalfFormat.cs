using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Encodings;

/// <summary>A floating-point number of 16 bits: lane by lane, from and to float. Rounds to nearest, ties to even; NaN and ±∞ stay what they are.</summary>
internal interface IHalfFormat
{
    /// <returns>The number's 16 bits in the lower half of each lane; the upper half is anything.</returns>
    static abstract TVector Encode<TVector, TSimd>(TVector x)
        where TVector : struct
        where TSimd : ISimd<TVector>;

    /// <param name="code">The number's 16 bits, the upper half of each lane 0.</param>
    static abstract TVector Decode<TVector, TSimd>(TVector code)
        where TVector : struct
        where TSimd : ISimd<TVector>;
}
