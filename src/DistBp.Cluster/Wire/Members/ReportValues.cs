using DistBp.Protocol;
using DistBp.Protocol.Messages;

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

    public static Contract.StepCommitted ToContract(this StepCommitted committed)
    {
        var written = new Contract.StepCommitted { Step = committed.Step, GradientNorm = committed.GradientNorm, Clipped = committed.Clipped };
        written.Sums.Add(committed.Sums);
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

    /// <param name="report">A <see cref="StepCommitted"/> or a <see cref="StepSkipped"/>.</param>
    public static Contract.StepReport ToContract(MemberMessage report)
    {
        var written = new Contract.StepReport();
        if (report is StepCommitted committed)
        {
            written.Committed = committed.ToContract();
            written.Committed.Generation = report.Generation.ToContract();
        }
        else
        {
            written.Skipped = ((StepSkipped)report).ToContract();
            written.Skipped.Generation = report.Generation.ToContract();
        }
        return written;
    }

    public static MemberMessage ToProtocol(this Contract.StepReport report) => report.KindCase switch
    {
        Contract.StepReport.KindOneofCase.Committed => report.Committed.ToProtocol(report.Committed.Generation.ToProtocol()),
        Contract.StepReport.KindOneofCase.Skipped => report.Skipped.ToProtocol(report.Skipped.Generation.ToProtocol()),
        _ => throw ContractValues.Malformed("a report of no step"),
    };
}
