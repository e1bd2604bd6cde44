using System.Diagnostics.CodeAnalysis;

namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>What came of an access to the store under a term.</summary>
/// <param name="Value">What was read, or the revision at which it was written.</param>
/// <param name="Reason">
/// Why the term is over; null: it lasts. What was refused was not written; what was under way when the lease was lost was written under this
/// term or not at all.
/// </param>
internal readonly record struct Fenced<T>(T? Value, string? Reason)
{
    /// <summary>Another coordinator leads, or may lead: this one must stop.</summary>
    [MemberNotNullWhen(true, nameof(Reason))]
    [MemberNotNullWhen(false, nameof(Value))]
    public bool IsDeposed => Reason is not null;
}
