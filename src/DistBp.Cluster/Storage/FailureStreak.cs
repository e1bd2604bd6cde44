using System.Numerics;

namespace DistBp.Cluster.Storage;

/// <summary>Counts failures in a row, of which the first, the second, the fourth and so on are told: a disk that stays full must not fill the log.</summary>
internal sealed class FailureStreak
{
    public int Count { get; private set; }

    /// <returns>Whether this one is to be told.</returns>
    public bool Add() => BitOperations.IsPow2(++Count);

    /// <returns>How many there were.</returns>
    public int End()
    {
        int count = Count;
        Count = 0;
        return count;
    }
}
