using System.Diagnostics;
using DistBp.Protocol.Effects;

namespace DistBp.Cluster.Storage;

/// <summary>The words for a run's end in files.</summary>
public static class RunStatusName
{
    public static string Of(RunStatus status) => status switch
    {
        RunStatus.Completed => "completed",
        RunStatus.StoppedEarly => "stopped-early",
        RunStatus.Interrupted => "interrupted",
        _ => throw new UnreachableException($"{status}"),
    };
}
