using System.Globalization;
using DistBp.Chaos.Faults;
using DistBp.Cluster.Storage;
using DistBp.Protocol.Effects;

namespace DistBp.Chaos.Reports;

/// <summary>What became of a run under faults.</summary>
/// <param name="UndisturbedRate">Steps per second of the same cluster before.</param>
/// <param name="ReferenceHash">Of the undisturbed run's parameters.</param>
/// <param name="Audit">What `distbp audit` says, in its last line.</param>
internal sealed record ChaosReport(
    ChaosOptions Options, double UndisturbedRate, string ReferenceHash, RunResult Result, RunTimeline Timeline, IReadOnlyList<FaultOutcome> Outcomes, bool Audited, string Audit,
    IReadOnlyList<string> EndedByThemselves)
{
    public bool SameBits => Result.WeightsSha256 == ReferenceHash;

    public bool Passed => SameBits && Audited && Result.Status == RunStatus.Completed;

    public void Write(TextWriter to)
    {
        to.WriteLine(Invariant($"seed {Options.Seed}, {Options.Nodes} nodes: {Outcomes.Count} of {Options.Faults} faults in {Timeline.Length.TotalSeconds:F0} s and {Result.Steps:N0} steps"));
        to.WriteLine();
        to.WriteLine("| fault | count | steps lost | seconds without a step: median | most | until all are back: median | most |");
        to.WriteLine("|---|---|---|---|---|---|---|");
        var rows = Rows().ToArray();
        foreach (IGrouping<FaultKind, Row> kind in rows.GroupBy(r => r.Kind).OrderBy(k => k.Key)) WriteRow(to, FaultKinds.NameOf(kind.Key), [.. kind]);
        if (rows.Length > 0) WriteRow(to, "all", rows);
        double rate = Timeline.StepsPerSecond(TimeSpan.Zero);
        to.WriteLine();
        to.WriteLine(Invariant($"steps a second  {rate:F1}, stalls included; undisturbed {UndisturbedRate:F1}: {100 * rate / UndisturbedRate:F1} % kept"));
        to.WriteLine(Invariant($"result.json     {Result.Restarts} restarts, {Result.StepsLost} steps lost"));
        to.WriteLine($"weights         {Result.WeightsSha256}: {(SameBits ? "those of the undisturbed run" : $"NOT those of the undisturbed run, {ReferenceHash}")}");
        to.WriteLine($"audit           {Audit}");
        foreach (string node in EndedByThemselves) to.WriteLine($"ended           {node}");
    }

    private IEnumerable<Row> Rows()
    {
        for (int i = 0; i < Outcomes.Count; i++)
        {
            FaultOutcome o = Outcomes[i];
            DateTime next = i + 1 < Outcomes.Count ? Outcomes[i + 1].Begin : DateTime.MaxValue;
            yield return new Row(o.Fault.Kind, Timeline.StepsLost(o.Begin, next), Timeline.LongestStall(o.Begin, o.Recovered, UndisturbedRate), o.Recovered - o.Begin);
        }
    }

    private static void WriteRow(TextWriter to, string name, Row[] rows)
    {
        double[] stalls = [.. rows.Select(r => r.Stall.TotalSeconds).Order()], back = [.. rows.Select(r => r.UntilBack.TotalSeconds).Order()];
        to.WriteLine(Invariant(
            $"| {name} | {rows.Length} | {rows.Sum(r => r.StepsLost)} | {stalls[stalls.Length / 2]:F2} | {stalls[^1]:F2} | {back[back.Length / 2]:F2} | {back[^1]:F2} |"));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record Row(FaultKind Kind, long StepsLost, TimeSpan Stall, TimeSpan UntilBack);
}
