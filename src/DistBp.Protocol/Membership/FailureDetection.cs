namespace DistBp.Protocol.Membership;

/// <param name="HeartbeatInterval">How often each side gives a sign of life, and how often the roster looks.</param>
/// <param name="AcceptablePause">A longer silence is a loss.</param>
public sealed record FailureDetection(TimeSpan HeartbeatInterval, TimeSpan AcceptablePause)
{
    /// <summary>A silent member is known to be lost after this time at the latest.</summary>
    public TimeSpan Bound => HeartbeatInterval + AcceptablePause;
}
