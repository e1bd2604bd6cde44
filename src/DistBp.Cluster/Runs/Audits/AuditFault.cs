using System.Globalization;

namespace DistBp.Cluster.Runs.Audits;

/// <summary>In which way samples were not applied exactly once.</summary>
public enum AuditFaultKind
{
    /// <summary>The epoch is whole, and these samples were not applied in it.</summary>
    Missing,

    /// <summary>Applied more than once in the epoch.</summary>
    Repeated,
}

/// <summary>The samples of one epoch that were not applied exactly once.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Samples">How many.</param>
/// <param name="First">Of them, in the order of the steps.</param>
public sealed record AuditFault(AuditFaultKind Kind, int Epoch, long Samples, IReadOnlyList<FaultySample> First)
{
    public override string ToString()
    {
        string verb = (Kind, Samples) switch
        {
            (AuditFaultKind.Missing, 1) => "was not applied",
            (AuditFaultKind.Missing, _) => "were not applied",
            (_, 1) => "was applied more than once",
            _ => "were applied more than once",
        };
        string count = Samples.ToString("N0", CultureInfo.InvariantCulture);
        string named = string.Join("; ", First.GroupBy(s => s.Why).Select(g => $"{string.Join(", ", g.Select(s => s.Sample))} ({g.Key})"));
        string rest = Samples > First.Count ? ", …" : "";
        return $"epoch {Epoch}: {count} sample{(Samples == 1 ? "" : "s")} {verb}: {named}{rest}";
    }
}

/// <param name="Sample">Its number in the training part, from 0.</param>
/// <param name="Step">From 0: that of the mini-batch which the sample was due in.</param>
/// <param name="Why">"step 6 was skipped", "step 3 in versions 4 and 9".</param>
public sealed record FaultySample(int Sample, long Step, string Why);
