using System.CommandLine;
using DistBp.Cli.Usage;
using DistBp.Cluster.Runs;
using DistBp.Learning;
using DistBp.Learning.Data;

namespace DistBp.Cli.Verbs;

/// <summary>distbp predict: the network's answers for new samples, as CSV.</summary>
internal static class PredictVerb
{
    private static readonly Argument<string> Run = new("RUN") { Description = "The run's folder." };
    private static readonly Option<string> Input = Flags.Required(
        "--input", "FILE", "The samples: CSV (columns as in training, the label may be missing), npy or idx.");
    private static readonly Option<string> Output = Flags.Required("--output", "FILE", "Where the CSV goes; - is standard output.");

    public static Command Create()
    {
        var verb = new Command("predict", "Applies a trained network to new samples.") { Run, Input, Output };
        verb.SetAction(Execute);
        HelpPage.AddExamples(verb, """
            distbp predict runs/first --input new.csv --output answers.csv
            distbp predict runs/first --input images.npy --output - | head
            """);
        return verb;
    }

    private static int Execute(ParseResult parsed)
    {
        string inputFile = parsed.GetRequiredValue(Input), output = parsed.GetRequiredValue(Output);
        if (output != "-" && Path.GetFullPath(inputFile) == Path.GetFullPath(output))
            throw new UserException(ErrorKind.Usage, "the predictions would overwrite their input", output, "give --output another name");
        SavedRun run = SavedRun.Open(parsed.GetRequiredValue(Run));
        foreach (string warning in run.Warnings) Console.Error.WriteLine($"warning: {warning}");
        InputTable input = run.Schema.ReadInput(inputFile);
        try
        {
            using var writer = new StreamWriter(output == "-" ? Console.OpenStandardOutput() : File.Create(output));
            Prediction.WriteCsv(run, input, writer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(ErrorKind.Usage, $"cannot write the predictions: {e.Message}", output,
                "name a file that can be written", e);
        }
        return 0;
    }
}
