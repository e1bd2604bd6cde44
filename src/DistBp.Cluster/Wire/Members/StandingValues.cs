using System.Diagnostics;
using DistBp.Protocol;
using DistBp.Protocol.Messages;
using Google.Protobuf.Collections;

namespace DistBp.Cluster.Wire.Members;

/// <summary>What members keep for a coordinator that takes over, between the protocol and the contract.</summary>
internal static class StandingValues
{
    public static Contract.Course ToContract(this Course course) => new() { From = course.From, Progress = course.Progress.ToContract(), AtStop = course.AtStop };

    public static Course ToProtocol(this Contract.Course course) => course.Progress is { } progress
        ? new Course(course.From, progress.ToProtocol(), course.AtStop) : throw ContractValues.Malformed("a course without progress");

    public static Contract.DecidedNorms ToContract(ShareNorms norms) => new() { Generation = norms.Generation.ToContract(), Norms = norms.ToContract() };

    public static ShareNorms ToProtocol(Contract.DecidedNorms decided) => decided.Norms is { } norms
        ? norms.ToProtocol(decided.Generation.ToProtocol()) : throw ContractValues.Malformed("norms that there are none of");

    /// <summary>Steps between two changes of the members have all the same contributions: they are written once.</summary>
    public static IEnumerable<Contract.StepReport> ToContract(IReadOnlyList<MemberMessage> reports)
    {
        StepCommitted? before = null;
        foreach (MemberMessage report in reports)
        {
            var written = new Contract.StepReport { Generation = report.Generation.ToContract() };
            switch (report)
            {
                case StepCommitted committed:
                    written.ContributedAsBefore = before is not null && committed.Contributions.Span.SequenceEqual(before.Contributions.Span);
                    written.Committed = committed.ToContract(withContributions: !written.ContributedAsBefore);
                    before = committed;
                    break;
                case StepSkipped skipped:
                    written.Skipped = skipped.ToContract();
                    break;
                default:
                    throw new UnreachableException($"{report} is no report of a step.");
            }
            yield return written;
        }
    }

    public static IReadOnlyList<MemberMessage> ToProtocol(RepeatedField<Contract.StepReport> reports)
    {
        var read = new List<MemberMessage>(reports.Count);
        StepCommitted? before = null;
        foreach (Contract.StepReport report in reports)
        {
            Generation generation = report.Generation.ToProtocol();
            if (report.ReportCase == Contract.StepReport.ReportOneofCase.Skipped)
            {
                read.Add(report.Skipped.ToProtocol(generation));
                continue;
            }
            if (report.ReportCase != Contract.StepReport.ReportOneofCase.Committed) throw ContractValues.Malformed("a report of no step");
            StepCommitted committed = report.Committed.ToProtocol(generation);
            if (report.ContributedAsBefore)
                committed = committed with { Contributions = before?.Contributions ?? throw ContractValues.Malformed("contributions of a step before the first") };
            read.Add(before = committed);
        }
        return read;
    }

    private static Contract.TrainingProgress ToContract(this TrainingProgress p) => new()
    {
        EpochsCompleted = p.EpochsCompleted,
        EpochSums = { p.EpochSums },
        TrainSums = Sums(p.TrainSums),
        ValidationSums = Sums(p.ValidationSums),
        BestMetric = p.BestMetric,
        BestEpoch = p.BestEpoch,
        EpochsSinceBest = p.EpochsSinceBest,
        BestTrainSums = Sums(p.BestTrainSums),
        BestValidationSums = Sums(p.BestValidationSums),
        StoppedEarly = p.StoppedEarly,
        RateFactor = p.RateFactor,
        PlateauBest = p.PlateauBest,
        PlateauEpochs = p.PlateauEpochs,
        ClippedSteps = p.ClippedSteps,
        SkippedSteps = p.SkippedSteps,
    };

    private static TrainingProgress ToProtocol(this Contract.TrainingProgress p) => new()
    {
        EpochsCompleted = p.EpochsCompleted,
        EpochSums = [.. p.EpochSums],
        TrainSums = p.TrainSums?.Values.ToArray(),
        ValidationSums = p.ValidationSums?.Values.ToArray(),
        BestMetric = p.BestMetric,
        BestEpoch = p.BestEpoch,
        EpochsSinceBest = p.EpochsSinceBest,
        BestTrainSums = p.BestTrainSums?.Values.ToArray(),
        BestValidationSums = p.BestValidationSums?.Values.ToArray(),
        StoppedEarly = p.StoppedEarly,
        RateFactor = p.RateFactor,
        PlateauBest = p.PlateauBest,
        PlateauEpochs = p.PlateauEpochs,
        ClippedSteps = p.ClippedSteps,
        SkippedSteps = p.SkippedSteps,
    };

    private static Contract.Sums? Sums(IReadOnlyList<double>? sums) => sums is null ? null : new Contract.Sums { Values = { sums } };
}
