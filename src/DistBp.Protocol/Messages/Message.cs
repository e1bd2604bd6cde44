namespace DistBp.Protocol.Messages;

/// <summary>What a state machine receives: from another member, or from its own host when an effect is done. Never changed once sent.</summary>
public abstract record Message;

/// <summary>A message between members, fenced by its generation.</summary>
public abstract record MemberMessage(Generation Generation) : Message;
