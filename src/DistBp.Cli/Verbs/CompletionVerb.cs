using System.CommandLine;
using System.CommandLine.Parsing;
using DistBp.Cli.Usage;
using DistBp.Learning;

namespace DistBp.Cli.Verbs;

/// <summary>
/// distbp completion: a script for the shell, which asks `distbp [suggest:POSITION] LINE` (the parser's own) for what may come next.
/// </summary>
internal static class CompletionVerb
{
    private static readonly Argument<string> Shell = new("SHELL") { Description = "bash, zsh or fish." };

    private const string Bash = """
        # distbp: eval "$(distbp completion bash)"
        _distbp() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$(distbp "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _distbp distbp
        """;

    private const string Zsh = """
        # distbp: eval "$(distbp completion zsh)"
        _distbp() {
            local -a words_found
            words_found=("${(@f)$(distbp "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            compadd -a words_found || _files
        }
        compdef _distbp distbp
        """;

    private const string Fish = """
        # distbp: distbp completion fish | source
        complete -c distbp -a '(distbp "[suggest:"(commandline -C)"]" (commandline) 2>/dev/null)'
        """;

    private static readonly Dictionary<string, string> Scripts = new() { ["bash"] = Bash, ["zsh"] = Zsh, ["fish"] = Fish };

    public static Command Create()
    {
        Shell.CompletionSources.Add([.. Scripts.Keys]);
        Shell.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !Scripts.ContainsKey(result.Tokens[0].Value))
                result.AddError($"completion is for {string.Join(", ", Scripts.Keys)}, not \"{result.Tokens[0].Value}\"");
        });
        var verb = new Command("completion", "Writes a script that completes distbp's words in a shell.") { Shell };
        verb.SetAction(parsed =>
        {
            Console.Out.WriteLine(Scripts[parsed.GetRequiredValue(Shell)]);
            return 0;
        });
        HelpPage.AddExamples(verb, """
            eval "$(distbp completion bash)"
            distbp completion fish | source
            """);
        return verb;
    }
}
