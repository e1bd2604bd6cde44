using DistBp.Cluster.Runs.Audits;

namespace DistBp.Cli.Display;

/// <summary>An audit in words: what the ledger holds, and what it proves.</summary>
internal static class AuditText
{
    public static void Write(AuditReport report, TextWriter output)
    {
        TextColumns.Write(output, [.. Rows(report).Select(row => new[] { row.Name, row.Value })], [false, false]);
        if (report.Proven) output.WriteLine(Proof(report));
    }

    private static IEnumerable<(string Name, string Value)> Rows(AuditReport report)
    {
        yield return ("ledger", $"{report.Ledger}: {(report.Damage is null ? "every record matches its SHA-256" : "DAMAGED")}");
        yield return ("training part", $"{NumberText.Count(report.Samples, "sample")}, {NumberText.Count(report.StepsPerEpoch, "step")} an epoch, "
            + $"{NumberText.Count(report.Slices, "slice")} of a mini-batch of {NumberText.Count(report.Batch)}");
        string steps = NumberText.Count(report.StepsApplied) + " applied";
        if (report.StepsSkipped > 0) steps += $", {NumberText.Count(report.StepsSkipped)} skipped";
        if (report.StepsRejected > 0) steps += $", {NumberText.Count(report.StepsRejected)} ended the run";
        yield return ("steps", steps);
        yield return ("epochs", $"{NumberText.Count(report.WholeEpochs)} whole" + (report.EpochUnderWay == 0 ? "" :
            $"; {NumberText.Count(report.SamplesUnderWay, "sample")} applied in epoch {NumberText.Count(report.EpochUnderWay)}, which is under way"));
        yield return ("workers", $"{NumberText.Count(report.Workers)}, under {NumberText.Count(report.Generations, "assignment")}, "
            + $"staleness at most {NumberText.Count(report.MaxStaleness)}");
        if (report.Restarts > 0)
            yield return ("restarts", $"{NumberText.Count(report.Restarts)}; {NumberText.Count(report.StepsRepeated, "step")} made again");
    }

    private static string Proof(AuditReport report)
    {
        string samples = report.Samples == 1 ? "the training sample" : $"each of the {NumberText.Count(report.Samples)} training samples";
        string whole = report.WholeEpochs switch
        {
            0 => "",
            1 => $"{samples} was applied exactly once in the whole epoch",
            _ => $"{samples} was applied exactly once in each of the {NumberText.Count(report.WholeEpochs)} whole epochs",
        };
        string underWay = $"at most once in epoch {NumberText.Count(report.EpochUnderWay)}";
        return "proven: " + (report.EpochUnderWay == 0 ? whole.Length > 0 ? whole : "no step was made"
            : whole.Length > 0 ? $"{whole}, and {underWay}" : $"{samples} was applied {underWay}");
    }
}
