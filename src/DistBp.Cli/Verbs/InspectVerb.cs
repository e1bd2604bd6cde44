using System.CommandLine;
using DistBp.Cli.Display;
using DistBp.Cli.Usage;
using DistBp.Cluster.Runs;
using DistBp.Learning;

namespace DistBp.Cli.Verbs;

/// <summary>distbp inspect: what is in a run or a checkpoint, and whether it is intact.</summary>
internal static class InspectVerb
{
    private static readonly Argument<string> Place = new("RUN|CHECKPOINT")
    {
        Description = "A run's folder, a checkpoint's folder, or a .safetensors file.",
    };


    public static Command Create()
    {
        var verb = new Command("inspect", "Shows what is in a run or a checkpoint, and whether it is intact.") { Place };
        verb.SetAction(Execute);
        HelpPage.AddExamples(verb, """
            distbp inspect runs/first
            distbp inspect runs/first/checkpoints/step-000000500
            """);
        return verb;
    }

    private static int Execute(ParseResult parsed)
    {
        RunInspection inspection = RunInspection.Of(parsed.GetRequiredValue(Place));
        InspectionText.Write(inspection, Console.Out);
        return inspection.Damage.Count == 0 ? 0 : throw new UserException(ErrorKind.Checkpoint, inspection.Damage);
    }
}
