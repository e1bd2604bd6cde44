namespace DistBp.Protocol.Membership;

public enum MemberState
{
    Active,

    /// <summary>It has asked to go and waits until its work is in other hands.</summary>
    Leaving,

    /// <summary>It may go.</summary>
    Released,
}

/// <param name="JoinedAt">On the clock of the coordinator's host.</param>
/// <param name="HeardAt">When its last sign of life came.</param>
public sealed record RosterEntry(MemberDescription Member, MemberState State, TimeSpan JoinedAt, TimeSpan HeardAt);
