using DistBp.Learning;

namespace DistBp.Cluster.Rendezvous;

/// <summary>
/// What a coordinator leaves to the one after it: small named values, and the term of its reign. Whoever holds the store is the cluster's one coordinator as
/// long as <see cref="Ended"/> is not cancelled. Each call ends within a bound of the store's own.
/// </summary>
internal interface ICoordinatorStore : IAsyncDisposable
{
    /// <summary>Of one value.</summary>
    const int MaxValueBytes = 1 << 20;

    /// <summary>Of this reign: above that of every one before, and durable before anything is done in it.</summary>
    long Term { get; }

    /// <summary>Cancelled when this reign is over: another has begun, or may have, and nothing that is done here counts any more.</summary>
    CancellationToken Ended { get; }

    /// <summary>False from the moment on at which the reign may not be counted on: asks the clock, where <see cref="Ended"/> may come late, as in a process that stood still.</summary>
    bool IsHeld { get; }

    /// <exception cref="UserException">The state cannot be read.</exception>
    Task<IReadOnlyDictionary<string, byte[]>> ReadAllAsync();

    /// <summary>When it completes the value is durable.</summary>
    /// <param name="name">Lowercase letters, digits and '-'.</param>
    /// <exception cref="UserException">The state cannot be written.</exception>
    /// <exception cref="ReignEndedException">Nothing was written.</exception>
    Task PutAsync(string name, ReadOnlyMemory<byte> value);

    /// <summary>Nothing happens where there is no such value.</summary>
    /// <exception cref="UserException">The state cannot be written.</exception>
    /// <exception cref="ReignEndedException">Nothing was changed.</exception>
    Task DeleteAsync(string name);
}
