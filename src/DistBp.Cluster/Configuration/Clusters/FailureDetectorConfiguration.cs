using DistBp.Cluster.Configuration.Forms;

namespace DistBp.Cluster.Configuration.Clusters;

/// <summary>distbp.failure-detector: the coordinator's holds for the whole cluster.</summary>
/// <param name="HeartbeatInterval">How often members and coordinator tell each other that they live.</param>
/// <param name="AcceptablePause">A longer silence is a loss.</param>
public sealed record FailureDetectorConfiguration(TimeSpan HeartbeatInterval, TimeSpan AcceptablePause)
{
    internal static FailureDetectorConfiguration Describe(IFields f, FailureDetectorConfiguration detector) => detector with
    {
        HeartbeatInterval = f.Field("heartbeat-interval", detector.HeartbeatInterval, DurationForm.Instance),
        AcceptablePause = f.Field("acceptable-pause", detector.AcceptablePause, DurationForm.Instance),
    };
}
