using System.CommandLine;
using DistBp.Cli.Display;
using DistBp.Cli.Usage;
using DistBp.Cluster.Runs.Audits;
using DistBp.Learning;

namespace DistBp.Cli.Verbs;

/// <summary>distbp audit: proves from a run's ledger that each sample was applied once an epoch.</summary>
internal static class AuditVerb
{
    private const string DamageRemedy =
        "what is before it is intact; a run that is resumed cuts off a torn end by itself, other damage is mended by a copy of the file alone";
    private const string FaultRemedy = "see events.jsonl of the run for what happened in these steps";
    private const string UnknownRemedy = "what the ledger does not hold cannot be proven; train the job into another folder for a whole one";

    private static readonly Argument<string> Run = new("RUN") { Description = "The run's folder; the run may be under way." };
    private static readonly Option<bool> Json = Flags.Switch("--json", "Write JSON.");

    public static Command Create()
    {
        var verb = new Command(
            "audit",
            "Proves from the run's ledger that each training sample was applied exactly once an epoch, or names those that were not. "
            + "Exit code 0: proven; 3: not proven; 6: the ledger is damaged.")
        {
            Run, Json,
        };
        verb.SetAction(Execute);
        HelpPage.AddExamples(verb, """
            distbp audit runs/first
            distbp audit runs/first --json
            """);
        return verb;
    }

    private static int Execute(ParseResult parsed)
    {
        AuditReport report = RunAudit.Of(parsed.GetRequiredValue(Run));
        if (parsed.GetValue(Json)) AuditJson.Write(report, Console.Out);
        else AuditText.Write(report, Console.Out);
        if (report.Proven) return 0;
        if (report.Damage is { } damage) throw new UserException(ErrorKind.Checkpoint, $"the ledger is damaged: {damage}", report.Ledger, DamageRemedy);
        throw new UserException(
            ErrorKind.Data,
            [
                .. report.Unknown.Select(sentence => new Problem($"not proven: {sentence}", report.Ledger, UnknownRemedy)),
                .. report.Faults.Select(fault => new Problem($"not proven: {fault}", report.Ledger, FaultRemedy)),
            ]);
    }
}
