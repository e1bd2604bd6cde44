using System.Diagnostics;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>
/// The reports of steps since the last stop point, at most <see cref="TrainingPlan.MaxReports"/> of them, for a coordinator that has not got them: it was not there, or the
/// lead server died before they left.
/// </summary>
internal sealed class ReportLog
{
    private readonly List<MemberMessage> _reports = [];

    /// <summary>The step that a <see cref="StepCommitted"/> or a <see cref="StepSkipped"/> is about.</summary>
    public static long StepOf(MemberMessage report) => report switch
    {
        StepCommitted m => m.Step,
        StepSkipped m => m.Step,
        _ => throw new UnreachableException($"{report} is no report of a step."),
    };

    public void Add(MemberMessage report) => _reports.Add(report);

    public void DropBefore(long step) => _reports.RemoveAll(r => StepOf(r) < step);

    /// <summary>After a way back steps are made again.</summary>
    public void DropFrom(long step) => _reports.RemoveAll(r => StepOf(r) >= step);

    /// <summary>In the order of the steps.</summary>
    public IReadOnlyList<MemberMessage> From(long step) => _reports.Count == 0 ? [] : [.. _reports.Where(r => StepOf(r) >= step)];
}
