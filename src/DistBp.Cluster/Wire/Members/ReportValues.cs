using DistBp.Protocol;
using DistBp.Protocol.Messages;
using Google.Protobuf.Collections;

namespace DistBp.Cluster.Wire.Members;

/// <summary>
/// Messages that are told again, as parts of others: what a step gave, and the norms that decided it. There they have a generation of their own; alone they have that
/// of their envelope.
/// </summary>
internal static class ReportValues
{
    public static Contract.ShareNorms ToContract(this ShareNorms norms) => new()
    {
        Server = norms.Server, Step = norms.Step, Norms = norms.Norms.ToContract(), Halt = norms.Halt, Clamped = norms.Clamped, LossIsFinite = norms.LossIsFinite,
    };

    public static ShareNorms ToProtocol(this Contract.ShareNorms norms, Generation generation) =>
        new(generation, norms.Server, norms.Step, norms.Norms.ToProtocol(), norms.Halt, norms.Clamped, norms.LossIsFinite);

    public static Contract.ShareNorms ToPart(this ShareNorms norms)
    {
        Contract.ShareNorms part = norms.ToContract();
        part.Generation = norms.Generation.ToContract();
        return part;
    }

    public static ShareNorms FromPart(this Contract.ShareNorms? part)
    {
        ContractValues.Require(part, "norms");
        return part.ToProtocol(part.Generation.ToProtocol());
    }

    /// <param name="withContributions">Else they are left out.</param>
    public static Contract.StepCommitted ToContract(this StepCommitted committed, bool withContributions = true)
    {
        var written = new Contract.StepCommitted { Step = committed.Step, GradientNorm = committed.GradientNorm, Clipped = committed.Clipped };
        written.Sums.Add(committed.Sums);
        if (!withContributions) return written;
        foreach (Contribution applied in committed.Contributions.Span) written.Contributions.Add(applied.ToContract());
        return written;
    }

    public static StepCommitted ToProtocol(this Contract.StepCommitted committed, Generation generation) =>
        new(generation, committed.Step, committed.Sums.ToMemory(), committed.GradientNorm, committed.Clipped)
        {
            Contributions = committed.Contributions.Select(ContractValues.ToProtocol).ToArray(),
        };

    public static Contract.StepSkipped ToContract(this StepSkipped skipped) => new() { Step = skipped.Step, Segment = skipped.Segment };

    public static StepSkipped ToProtocol(this Contract.StepSkipped skipped, Generation generation) => new(generation, skipped.Step, skipped.Segment);

    /// <summary>Steps between two changes of the members have all the same contributions: they are written once, or thousands of reports would not fit into an envelope.</summary>
    /// <param name="reports">Each a <see cref="StepCommitted"/> or a <see cref="StepSkipped"/>.</param>
    public static IEnumerable<Contract.StepReport> ToContract(IReadOnlyList<MemberMessage> reports)
    {
        StepCommitted? before = null;
        foreach (MemberMessage report in reports)
        {
            var written = new Contract.StepReport();
            if (report is StepCommitted committed)
            {
                written.ContributedAsBefore = before is not null && committed.Contributions.Span.SequenceEqual(before.Contributions.Span);
                written.Committed = committed.ToContract(withContributions: !written.ContributedAsBefore);
                written.Committed.Generation = report.Generation.ToContract();
                before = committed;
            }
            else
            {
                written.Skipped = ((StepSkipped)report).ToContract();
                written.Skipped.Generation = report.Generation.ToContract();
            }
            yield return written;
        }
    }

    public static IReadOnlyList<MemberMessage> ToProtocol(this RepeatedField<Contract.StepReport> reports)
    {
        var read = new List<MemberMessage>(reports.Count);
        StepCommitted? before = null;
        foreach (Contract.StepReport report in reports)
        {
            switch (report.KindCase)
            {
                case Contract.StepReport.KindOneofCase.Committed:
                    StepCommitted committed = report.Committed.ToProtocol(report.Committed.Generation.ToProtocol());
                    if (report.ContributedAsBefore)
                        committed = committed with { Contributions = before?.Contributions ?? throw ContractValues.Malformed("contributions as before, and nothing before") };
                    read.Add(before = committed);
                    break;
                case Contract.StepReport.KindOneofCase.Skipped:
                    read.Add(report.Skipped.ToProtocol(report.Skipped.Generation.ToProtocol()));
                    break;
                default:
                    throw ContractValues.Malformed("a report of no step");
            }
        }
        return read;
    }
}
