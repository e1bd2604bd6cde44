using System.CommandLine;
using DistBp.Cli.Usage;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning;

namespace DistBp.Cli.Verbs;

/// <summary>distbp export: a run's parameters for other programs.</summary>
internal static class ExportVerb
{
    private const string Onnx = "onnx";
    private static readonly Argument<string> Run = new("RUN") { Description = "The run's folder." };
    private static readonly Option<string?> Format = Flags.Word(
        "--format", "FORMAT", "The format of the parameters", "safetensors", "npy", Onnx);

    private static readonly Option<string> Output = Flags.Required("--output", "FILE",
        "The file; for npy: FILE.npy takes all parameters as one vector, any other name becomes a folder with a file each.");

    public static Command Create()
    {
        Format.Required = true;
        var verb = new Command("export", "Writes the parameters of a run for other programs.") { Run, Format, Output };
        verb.SetAction(Execute);
        HelpPage.AddExamples(verb, """
            distbp export runs/first --format safetensors --output model.safetensors
            distbp export runs/first --format npy --output parameters/
            """);
        return verb;
    }

    private static int Execute(ParseResult parsed)
    {
        string format = parsed.GetRequiredValue(Format)!, output = parsed.GetRequiredValue(Output);
        if (format == Onnx)
        {
            throw new UserException(
                ErrorKind.Usage, "export to onnx is not available in this version", "--format", "choose safetensors or npy");
        }
        SavedRun run = SavedRun.Open(parsed.GetRequiredValue(Run));
        foreach (string warning in run.Warnings) Console.Error.WriteLine($"warning: {warning}");
        if (format == "npy")
        {
            IReadOnlyList<string> files = NpyExport.Write(output, run.Network.Parameters, run.Parameters.Memory);
            foreach (string file in files) Console.Error.WriteLine($"wrote {file}");
            return 0;
        }
        ParameterFile.Save(output, run.Network.Parameters, run.Parameters.Memory);
        Console.Error.WriteLine($"wrote {output}");
        return 0;
    }
}
