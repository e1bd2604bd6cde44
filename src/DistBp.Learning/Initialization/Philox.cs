using System.Runtime.CompilerServices;

namespace DistBp.Learning.Initialization;

/// <summary>
/// The counter-based generator behind everything random: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel Random Numbers: As Easy as
/// 1, 2, 3", SC 2011). A value depends on key and counter alone, so any node can compute any part of a stream.
/// </summary>
public static class Philox
{
    /// <summary>Four independent 32-bit values for a 64-bit key and a 128-bit counter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (uint A, uint B, uint C, uint D) Generate(ulong key, ulong counterLow, ulong counterHigh)
    {
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        uint c0 = (uint)counterLow, c1 = (uint)(counterLow >> 32), c2 = (uint)counterHigh, c3 = (uint)(counterHigh >> 32);
        for (int round = 0; round < 10; round++)
        {
            ulong p0 = 0xD2511F53UL * c0, p1 = 0xCD9E8D57UL * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        return (c0, c1, c2, c3);
    }

    /// <summary>The key of a named stream of a job: streams of different purposes never overlap.</summary>
    public static ulong Key(int seed, RandomPurpose purpose) => ((ulong)(uint)purpose << 32) | (uint)seed;
}

/// <summary>What a random stream is for.</summary>
public enum RandomPurpose
{
    Initialization = 1,
    Split = 2,
    Shuffle = 3,
    Dropout = 4,
    Augmentation = 5,
    Generation = 9,
    Search = 20,
}
