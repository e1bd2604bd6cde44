using System.Globalization;

namespace DistBp.Chaos.Waits;

/// <param name="Stall">The longest time without a step.</param>
/// <param name="Error">Of a job that failed; else nothing.</param>
internal sealed record TrialOutcome(Trial Trial, TimeSpan Stall, string Error)
{
    public bool HasJobFailed => Error.Length > 0;

    public bool IsRight => !HasJobFailed && Stall <= WaitTrials.Bound;

    /// <summary>A row a phase and end.</summary>
    public static void Write(IReadOnlyList<TrialOutcome> outcomes, TextWriter to)
    {
        to.WriteLine("| waited for in | peer | trials | stepping again within the bound | seconds without a step: median | most |");
        to.WriteLine("|---|---|---|---|---|---|");
        foreach (var group in outcomes.GroupBy(o => (o.Trial.Phase, o.Trial.End)).OrderBy(g => g.Key)) WriteRow(to, group.Key.Phase.ToString(), group.Key.End.ToString(), [.. group]);
        WriteRow(to, "all", "all", [.. outcomes]);
        to.WriteLine();
        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"bound: {WaitTrials.Bound.TotalSeconds:F1} s (acceptable pause, heartbeat interval, and a second)"));
        foreach (TrialOutcome wrong in outcomes.Where(o => !o.IsRight)) to.WriteLine($"missed: {wrong}");
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Trial}: {(HasJobFailed ? $"the job failed: {Error}" : $"{Stall.TotalSeconds:F2} s without a step")}");

    private static void WriteRow(TextWriter to, string phase, string end, TrialOutcome[] outcomes)
    {
        double[] stalls = [.. outcomes.Select(o => o.Stall.TotalSeconds).Order()];
        to.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {phase} | {end} | {outcomes.Length} | {outcomes.Count(o => o.IsRight)} | {stalls[stalls.Length / 2]:F2} | {stalls[^1]:F2} |"));
    }
}
