using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace DistBp.Cli.Usage;

/// <summary>The text of --help: what the parser knows, and examples.</summary>
internal sealed class HelpPage : SynchronousCommandLineAction
{
    private readonly HelpAction _page;

    private HelpPage(HelpAction page) => _page = page;

    // A wrong flag beside --help does not matter: the page says what is right.
    public override bool ClearsParseErrors => true;

    private static readonly Dictionary<Command, string> Examples = [];

    /// <summary>Makes --help of the root and all its verbs end with their examples.</summary>
    public static void Install(RootCommand root, string examples)
    {
        AddExamples(root, examples);
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Description = "Show this page.";
        root.Options.OfType<VersionOption>().Single().Description = "Show the version.";
        help.Action = new HelpPage((HelpAction)help.Action!);
    }

    /// <param name="examples">One a line.</param>
    public static void AddExamples(Command command, string examples) => Examples[command] = examples;

    public override int Invoke(ParseResult parseResult)
    {
        _page.Invoke(parseResult);
        if (!Examples.TryGetValue(parseResult.CommandResult.Command, out string? examples)) return 0;
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (string line in examples.Split('\n')) output.WriteLine($"  {line}");
        return 0;
    }
}
