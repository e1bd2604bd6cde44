using DistBp.Learning.Initialization;

namespace DistBp.Learning.Data;

/// <summary>
/// Fisher–Yates over the counter-based generator: a permutation that follows from (key, stream) alone. Draw i of the stream is value
/// i mod 4 of the counter (i / 4, stream); it is scaled to [0, n) by a 32x32-bit multiplication, whose bias is below n / 2^32.
/// </summary>
internal static class RandomPermutation
{
    /// <summary>Overwrites <paramref name="order"/> with a permutation of 0..Length−1.</summary>
    public static void Fill(Span<int> order, ulong key, ulong stream)
    {
        for (int i = 0; i < order.Length; i++) order[i] = i;
        (uint A, uint B, uint C, uint D) draws = default;
        for (int i = 0; i < order.Length - 1; i++)
        {
            if (i % 4 == 0) draws = Philox.Generate(key, (ulong)(i / 4), stream);
            uint draw = (i % 4) switch { 0 => draws.A, 1 => draws.B, 2 => draws.C, _ => draws.D };
            int other = i + (int)((draw * (ulong)(order.Length - i)) >> 32);
            (order[i], order[other]) = (order[other], order[i]);
        }
    }
}
