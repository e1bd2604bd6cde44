using System.Runtime.CompilerServices;

namespace DistBp.Learning.Kernels.Simd;

/// <summary>One lane: the tails of elementwise kernels, and the oracle of those written against <see cref="ISimd{TVector}"/>.</summary>
internal readonly unsafe struct SimdScalar : ISimd<float>
{
    public static int Width => 1;

    public static float Load(float* source) => *source;

    public static void Store(float value, float* destination) => *destination = value;

    public static float Broadcast(float value) => value;

    public static float Add(float a, float b) => a + b;

    public static float Subtract(float a, float b) => a - b;

    public static float Multiply(float a, float b) => a * b;

    public static float Divide(float a, float b) => a / b;

    public static float Sqrt(float a) => MathF.Sqrt(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MultiplyAdd(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    public static float GreaterThan(float a, float b) => BitConverter.Int32BitsToSingle(a > b ? -1 : 0);

    public static float IsNaN(float a) => BitConverter.Int32BitsToSingle(float.IsNaN(a) ? -1 : 0);

    public static (float Even, float Odd) Unzip(float a, float b) => (a, b);

    public static (float A, float B) Zip(float even, float odd) => (even, odd);

    public static float Select(float mask, float a, float b) => BitConverter.SingleToInt32Bits(mask) != 0 ? a : b;

    public static float And(float a, float b)
        => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(a) & BitConverter.SingleToInt32Bits(b));

    public static float Or(float a, float b)
        => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(a) | BitConverter.SingleToInt32Bits(b));

    public static float AddBits(float a, float b)
        => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(a) + BitConverter.SingleToInt32Bits(b));

    public static float ShiftLeftBits(float a, int count) => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(a) << count);

    public static float ShiftRightBits(float a, int count) => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(a) >> count);

    public static float BitsToNumber(float a) => BitConverter.SingleToInt32Bits(a);

    // Byte by byte, and by an exclusive or below: where a small integer is loaded and its bits are taken for a float at once, the JIT of
    // .NET 10.0 loads four bytes.
    public static float LoadHalfWords(ushort* source) => BitConverter.Int32BitsToSingle(((byte*)source)[0] | (((byte*)source)[1] << 8));

    public static void StoreHalfWords(float a, ushort* destination) => *destination = (ushort)BitConverter.SingleToInt32Bits(a);

    public static float LoadBytes(sbyte* source) => BitConverter.Int32BitsToSingle((*(byte*)source ^ 0x80) - 0x80);

    public static void StoreBytes(float a, sbyte* destination) => *destination = (sbyte)BitConverter.SingleToInt32Bits(a);
}
