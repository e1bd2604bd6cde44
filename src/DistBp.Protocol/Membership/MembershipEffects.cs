using DistBp.Protocol.Effects;

namespace DistBp.Protocol.Membership;

public sealed record MemberAdmitted(MemberDescription Member) : Effect;

/// <param name="Reason">In a sentence, for the one who asked.</param>
public sealed record MemberRefused(MemberDescription Member, string Reason) : Effect;

/// <summary>Its work must go into other hands; then <see cref="LeaveGranted"/>.</summary>
public sealed record MemberLeaves(MemberDescription Member) : Effect;

/// <summary>Tell the member that it may go.</summary>
public sealed record MemberReleased(MemberDescription Member) : Effect;

/// <summary>It has gone as agreed.</summary>
public sealed record MemberLeft(MemberDescription Member) : Effect;

/// <summary>It is no member any more; its connection is to be cut.</summary>
public sealed record MemberLost(MemberDescription Member, string Reason) : Effect;
