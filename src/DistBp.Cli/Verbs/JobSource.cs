using System.CommandLine;
using DistBp.Cluster.Configuration;

namespace DistBp.Cli.Verbs;

/// <summary>How verbs are told which job: JOB and --set.</summary>
internal static class JobSource
{
    public static Argument<string?> Argument() => new("JOB")
    {
        Description = "The job file (YAML); without it, the handwritten digits that come with distbp.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public static Option<string[]> Settings() => new("--set")
    {
        Description = "Overrides a key of the job by its path, as optimizer.adam.rate=0.01; may be given several times.",
        HelpName = "KEY=VALUE",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <param name="file">Null: the embedded job.</param>
    public static JobDescription Read(string? file, IReadOnlyList<string> settings) =>
        file is null ? JobFile.Embedded(settings) : JobFile.Read(file, settings);
}
