using DistBp.Chaos.Faults;

namespace DistBp.Chaos.Reports;

/// <summary>A fault that has happened.</summary>
/// <param name="Recovered">All nodes were members again, and steps were made. UTC, as <paramref name="Begin"/>.</param>
internal sealed record FaultOutcome(Fault Fault, DateTime Begin, DateTime Recovered);
