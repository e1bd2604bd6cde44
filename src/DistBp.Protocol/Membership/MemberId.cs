namespace DistBp.Protocol.Membership;

/// <summary>One membership of a node: who comes back after a restart or a loss has the same name and another incarnation.</summary>
public readonly record struct MemberId(string Name, ulong Incarnation)
{
    public override string ToString() => Name;
}
