using System.CommandLine;
using System.CommandLine.Parsing;
using DistBp.Cli.Usage;
using DistBp.Cli.Verbs;

namespace DistBp.Cli;

/// <summary>The tree of verbs.</summary>
internal static class DistBpCommand
{
    public const string Name = "distbp";
    private const string Verbose = "--verbose";

    public static RootCommand Create()
    {
        var root = new RootCommand("Trains neural networks by backpropagation, with the same bits whatever the cluster does.")
        {
            TrainVerb.Create(),
            FindRateVerb.Create(),
            TuneVerb.Create(),
            EvaluateVerb.Create(),
            PredictVerb.Create(),
            ExportVerb.Create(),
            InspectVerb.Create(),
            DataVerb.Create(),
            AuditVerb.Create(),
            NodeVerb.Create(),
            StatusVerb.Create(),
            CancelVerb.Create(),
            BenchmarkVerb.Create(),
            CompletionVerb.Create(),
            new Option<bool>(Verbose) { Description = "Show the stack trace of an error; of a training also its gradients, layer by layer.", Recursive = true },
        };
        HelpPage.Install(root, """
            distbp train                              train on handwritten digits, which come with distbp
            distbp train job.yaml --out runs/first    train your own data
            distbp evaluate runs/first                how good it became
            distbp predict runs/first --input new.csv --output -
            """);
        return root;
    }

    public static bool IsVerbose(ParseResult parsed) => parsed.GetResult(Verbose) is OptionResult { Implicit: false };

}
