namespace DistBp.Learning.Kernels.Simd;

/// <summary>
/// What a kernel needs of a vector of floats: the one source of every kernel is written against this, and the JIT compiles it once a
/// width. All operations are exact or correctly rounded in IEEE 754, so a lane's bits are the same for every width.
/// </summary>
/// <typeparam name="TVector">Vector512, Vector256 or Vector128 of float, or float itself.</typeparam>
internal unsafe interface ISimd<TVector>
    where TVector : struct
{
    /// <summary>In floats.</summary>
    static abstract int Width { get; }

    static abstract TVector Load(float* source);

    static abstract void Store(TVector value, float* destination);

    static abstract TVector Broadcast(float value);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Subtract(TVector a, TVector b);

    static abstract TVector Multiply(TVector a, TVector b);

    static abstract TVector Divide(TVector a, TVector b);

    static abstract TVector Sqrt(TVector a);

    /// <summary>a · b + c, rounded once.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>All bits of a lane set where a > b (never with NaN).</summary>
    static abstract TVector GreaterThan(TVector a, TVector b);

    /// <summary>All bits of a lane set where a is NaN.</summary>
    static abstract TVector IsNaN(TVector a);

    /// <summary>Of a and then b: the elements of even and of odd numbers, in order.</summary>
    static abstract (TVector Even, TVector Odd) Unzip(TVector a, TVector b);

    /// <summary>The inverse of <see cref="Unzip"/>.</summary>
    static abstract (TVector A, TVector B) Zip(TVector even, TVector odd);

    /// <summary>Lane by lane: mask ? a : b.</summary>
    static abstract TVector Select(TVector mask, TVector a, TVector b);

    /// <summary>The bits of a and b, bitwise and.</summary>
    static abstract TVector And(TVector a, TVector b);

    /// <summary>The bits of a and b, bitwise or.</summary>
    static abstract TVector Or(TVector a, TVector b);

    /// <summary>The bits of a and b added as 32-bit integers.</summary>
    static abstract TVector AddBits(TVector a, TVector b);

    /// <summary>The bits of a shifted left as 32-bit integers.</summary>
    static abstract TVector ShiftLeftBits(TVector a, int count);

    /// <summary>The bits of a shifted right as 32-bit integers, the sign drawn in.</summary>
    static abstract TVector ShiftRightBits(TVector a, int count);

    /// <summary>The bits of a, as a 32-bit integer, converted to float.</summary>
    static abstract TVector BitsToNumber(TVector a);

    /// <summary>As many 16-bit integers as there are lanes, without sign: the bits of 32-bit ones.</summary>
    static abstract TVector LoadHalfWords(ushort* source);

    /// <summary>The lower 16 bits of each lane.</summary>
    static abstract void StoreHalfWords(TVector a, ushort* destination);

    /// <summary>As many 8-bit integers as there are lanes, with their sign: the bits of 32-bit ones.</summary>
    static abstract TVector LoadBytes(sbyte* source);

    /// <summary>The lower 8 bits of each lane.</summary>
    static abstract void StoreBytes(TVector a, sbyte* destination);
}
