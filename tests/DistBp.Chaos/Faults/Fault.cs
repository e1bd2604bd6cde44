namespace DistBp.Chaos.Faults;

/// <param name="At">When the job has made so much of its steps, in (0, 1).</param>
/// <param name="Victim">A node's name; "": it happens to none.</param>
/// <param name="Length">Until it is over, or the process is started again.</param>
internal sealed record Fault(double At, FaultKind Kind, string Victim, TimeSpan Length)
{
    public override string ToString() => Victim.Length > 0 ? $"{FaultKinds.NameOf(Kind)} {Victim}" : FaultKinds.NameOf(Kind);
}
