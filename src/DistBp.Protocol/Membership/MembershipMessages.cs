using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Membership;

/// <summary>Answered by <see cref="MemberAdmitted"/> or <see cref="MemberRefused"/>.</summary>
public sealed record JoinRequested(MemberDescription Member) : Message;

public sealed record HeartbeatReceived(MemberId Member) : Message;

/// <summary>The member has work to hand over before it goes.</summary>
public sealed record LeaveRequested(MemberId Member) : Message;

/// <summary>Nothing depends on the leaving member any more.</summary>
public sealed record LeaveGranted(MemberId Member) : Message;

/// <param name="Why">To follow "its connection ended: ".</param>
public sealed record ConnectionEnded(MemberId Member, string Why) : Message;

/// <summary>Comes each heartbeat interval.</summary>
public sealed record TimePassed : Message
{
    public static readonly TimePassed Instance = new();
}
