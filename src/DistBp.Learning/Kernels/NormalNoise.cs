using System.Runtime.CompilerServices;
using DistBp.Learning.Initialization;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>
/// Normally distributed numbers from the counter-based generator: z = √2 · erf⁻¹(u), u = (k + ½) / 2²³, k the upper 24 bits of the
/// element's word as a signed number. erf⁻¹ by Giles, "Approximating the erfinv function", GPU Computing Gems 2 (2011), in single precision.
/// </summary>
public static unsafe class NormalNoise
{
    private const int ChunkWords = 256;

    /// <summary>x += deviation · z, elementwise; element e takes the word e of the stream.</summary>
    public static void Add(Span<float> x, float deviation, ulong key, ulong counterLow, ulong counterHigh)
    {
        uint* words = stackalloc uint[ChunkWords];
        for (int start = 0; start < x.Length; start += ChunkWords, counterLow += ChunkWords / 4)
        {
            Span<float> chunk = x.Slice(start, Math.Min(ChunkWords, x.Length - start));
            PhiloxStream.Fill(new Span<uint>(words, chunk.Length), key, counterLow, counterHigh);
            fixed (float* px = chunk)
            {
                var kernel = new Elementwise<Addition>(new Addition(px, (float*)words, deviation), chunk.Length);
                Widest.Run(ref kernel);
            }
        }
    }

    private readonly struct Addition(float* x, float* words, float deviation) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            TVector z = Normal<TVector, TSimd>(TSimd.Load(words + i));
            TSimd.Store(TSimd.MultiplyAdd(z, TSimd.Broadcast(deviation), TSimd.Load(x + i)), x + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TVector Normal<TVector, TSimd>(TVector bits)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TVector one = TSimd.Broadcast(1f), u = TSimd.BitsToNumber(TSimd.ShiftRightBits(bits, 8));
        u = TSimd.Multiply(TSimd.Add(u, TSimd.Broadcast(0.5f)), TSimd.Broadcast(1f / 8388608));
        TVector w = Elementary<TVector, TSimd>.Log(TSimd.Multiply(TSimd.Subtract(one, u), TSimd.Add(one, u)));
        w = TSimd.Subtract(TSimd.Broadcast(0), w);
        TVector near = TSimd.Subtract(w, TSimd.Broadcast(2.5f)), far = TSimd.Subtract(TSimd.Sqrt(w), TSimd.Broadcast(3f));
        TVector p = Polynomial<TVector, TSimd>(near,
            [2.81022636e-08f, 3.43273939e-07f, -3.5233877e-06f, -4.39150654e-06f, 0.00021858087f, -0.00125372503f, -0.00417768164f, 0.246640727f,
                1.50140941f]);
        TVector q = Polynomial<TVector, TSimd>(far,
            [-0.000200214257f, 0.000100950558f, 0.00134934322f, -0.00367342844f, 0.00573950773f, -0.0076224613f, 0.00943887047f, 1.00167406f,
                2.83297682f]);
        TVector root = TSimd.Select(TSimd.GreaterThan(TSimd.Broadcast(5f), w), p, q);
        return TSimd.Multiply(TSimd.Multiply(root, u), TSimd.Broadcast(1.41421356f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Polynomial<TVector, TSimd>(TVector x, ReadOnlySpan<float> coefficients)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TVector p = TSimd.Broadcast(coefficients[0]);
        for (int i = 1; i < coefficients.Length; i++) p = TSimd.MultiplyAdd(p, x, TSimd.Broadcast(coefficients[i]));
        return p;
    }
}
