using System.CommandLine;
using System.Text;
using DistBp.Cli.Usage;
using DistBp.Cluster.Runs;
using DistBp.Learning;
using DistBp.Learning.Data;

namespace DistBp.Cli.Verbs;

/// <summary>distbp predict: the network's answers for new samples, as CSV, or the text with which it goes on.</summary>
internal static class PredictVerb
{
    private const int MostCharacters = 10_000_000;
    private const string StandardOutput = "-";

    private static readonly Argument<string> Run = new("RUN") { Description = "The run's folder." };
    private static readonly Option<string?> Input = Flags.Text(
        "--input", "FILE", "The samples: CSV (columns as in training, the label may be missing), npy or idx; for sounds a WAV file or a folder.");
    private static readonly Option<string?> Lengths = Flags.Text(
        "--lengths", "FILE", "How many steps of each sequence of --input count: npy, or one number a line.");
    private static readonly Option<string?> Output = Flags.Text(
        "--output", "FILE", "Where the CSV or the text goes; - is standard output (for a text the default).");
    private static readonly Option<int> Generate = Flags.Count(
        "--generate", MostCharacters, "Of a network trained on a text: go on for N characters.");
    private static readonly Option<double?> Temperature = Flags.Number(
        "--temperature", "T", 0, 100, "0: always the most probable character; 1: as probable as they are; above: bolder. Default: 1.");
    private static readonly Option<string?> Prompt = Flags.Text("--prompt", "TEXT", "The text that is gone on with; it is written first.");
    private static readonly Option<int?> Seed = Flags.Whole("--seed", "Of the characters drawn; default: the job's seed.");

    public static Command Create()
    {
        var verb = new Command("predict", "Applies a trained network to new samples, or lets it go on with a text.")
        {
            Run, Input, Lengths, Output, Generate, Temperature, Prompt, Seed,
        };
        verb.Validators.Add(result =>
        {
            bool writes = result.GetResult(Generate) is not null;
            if (writes && result.GetResult(Input) is not null) result.AddError("--generate takes no --input: give the beginning with --prompt");
            if (!writes && result.GetResult(Input) is null) result.AddError("--input is missing: the samples (or --generate N, for a network trained on a text)");
            if (!writes && result.GetResult(Output) is null) result.AddError("--output is missing: FILE, or - for standard output");
            bool ofText = result.GetResult(Temperature) is not null || result.GetResult(Prompt) is not null || result.GetResult(Seed) is not null;
            if (!writes && ofText) result.AddError("--temperature, --prompt and --seed go with --generate");
            if (writes && result.GetResult(Lengths) is not null) result.AddError("--lengths goes with --input");
        });
        verb.SetAction(Execute);
        HelpPage.AddExamples(verb, """
            distbp predict runs/first --input new.csv --output answers.csv
            distbp predict runs/first --input images.npy --output - | head
            distbp predict runs/digits --input recording.wav --output -
            distbp predict runs/char-rnn --generate 500 --temperature 0.7 --prompt "The "
            """);
        return verb;
    }

    private static int Execute(ParseResult parsed)
    {
        string output = parsed.GetValue(Output) ?? StandardOutput;
        string? inputFile = parsed.GetValue(Input);
        if (inputFile is not null && output != StandardOutput && Path.GetFullPath(inputFile) == Path.GetFullPath(output))
            throw new UserException(ErrorKind.Usage, "the predictions would overwrite their input", output, "give --output another name");
        SavedRun run = SavedRun.Open(parsed.GetRequiredValue(Run));
        foreach (string warning in run.Warnings) Console.Error.WriteLine($"warning: {warning}");
        if (inputFile is null) WriteText(run, parsed, output);
        else WriteAnswers(run, run.Schema.ReadInput(inputFile, parsed.GetValue(Lengths)), output);
        return 0;
    }

    private static void WriteAnswers(SavedRun run, InputTable input, string output)
    {
        try
        {
            using var writer = new StreamWriter(output == StandardOutput ? Console.OpenStandardOutput() : File.Create(output));
            Prediction.WriteCsv(run, input, writer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(output, e);
        }
    }

    private static void WriteText(SavedRun run, ParseResult parsed, string output)
    {
        string prompt = parsed.GetValue(Prompt) ?? "";
        var generation = new TextGeneration(run, parsed.GetValue(Temperature) ?? 1, prompt, parsed.GetValue(Seed) ?? run.Job.Seed);
        bool ofTerminal = output == StandardOutput && !Console.IsOutputRedirected;
        try
        {
            using var writer = new StreamWriter(output == StandardOutput ? Console.OpenStandardOutput() : File.Create(output), new UTF8Encoding(false));
            // Somebody who watches sees each character as it is drawn.
            writer.AutoFlush = ofTerminal;
            writer.Write(prompt);
            for (int i = 0; i < parsed.GetValue(Generate); i++) writer.Write(generation.Next(i));
            if (ofTerminal) writer.WriteLine();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(output, e);
        }
    }

    private static UserException CannotWrite(string output, Exception cause) => new(
        ErrorKind.Usage, $"cannot write the predictions: {cause.Message}", output, "name a file that can be written", cause);
}
