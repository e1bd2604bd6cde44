using System.CommandLine;
using System.CommandLine.Parsing;
using DistBp.Learning;

namespace DistBp.Cli.Usage;

/// <summary>What is wrong with a command line, in one line, and which page helps.</summary>
internal static class UsageError
{
    private const int LongestShown = 60;

    /// <returns>Null where nothing is wrong, or where the help was asked for.</returns>
    public static string? Find(ParseResult parsed)
    {
        if (parsed.Action is HelpPage || IsForTheParser(parsed)) return null;
        string? wrong = UnknownFlag(parsed) ?? UnknownWord(parsed) ?? (parsed.Errors.Count > 0 ? Describe(parsed.Errors[0]) : null);
        if (wrong is null) return null;
        string page = Page(parsed.CommandResult);
        return $"{page}: {wrong.TrimEnd('.')}; try {page} --help";
    }

    /// <summary>A shell asks what may come next: [suggest:POSITION].</summary>
    private static bool IsForTheParser(ParseResult parsed) =>
        parsed.RootCommandResult.Command is RootCommand root && root.Directives.Any(d => parsed.GetResult(d) is not null);

    /// <summary>The parser takes an unknown flag for an argument where one may stand; nobody means that.</summary>
    private static string? UnknownFlag(ParseResult parsed)
    {
        string? flag = parsed.UnmatchedTokens.Concat(parsed.CommandResult.Tokens.Select(t => t.Value)).FirstOrDefault(IsFlag);
        if (flag is null) return null;
        flag = flag.Split('=')[0];
        string[] known = [.. FlagsOf(parsed.CommandResult)];
        return $"unknown flag {Shown(flag)}{Suggestion(flag, known)}";
    }

    /// <summary>"distbp", "distbp train", "distbp data convert".</summary>
    private static string Page(CommandResult result) => result.Parent is CommandResult parent ? $"{Page(parent)} {result.Command.Name}" : DistBpCommand.Name;

    private static string? UnknownWord(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (command.Subcommands.Count == 0)
            return parsed.UnmatchedTokens.Count > 0 ? $"unexpected {Shown(parsed.UnmatchedTokens[0])}" : null;
        string[] verbs = [.. command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name)];
        if (parsed.UnmatchedTokens is [var word, ..]) return $"unknown verb {Shown(word)}{Suggestion(word, verbs)}";
        return parsed.Errors.Count > 0 ? $"say what to do: {string.Join(", ", verbs)}" : null;
    }

    /// <summary>The parser's words where they are plain, ours where they would name a type or a token.</summary>
    private static string Describe(ParseError error) => error.SymbolResult switch
    {
        OptionResult { Option: Option<bool> } option => $"{option.Option.Name} takes no value",
        OptionResult { Tokens.Count: 0, IdentifierToken: null } option => $"{option.Option.Name} is missing",
        OptionResult { Tokens.Count: 0 } option => $"{option.Option.Name} needs a value",
        ArgumentResult { Tokens.Count: 0, Parent: CommandResult } argument => $"{argument.Argument.Name} is missing",
        ArgumentResult { Tokens.Count: 0, Parent: OptionResult option } => $"{option.Option.Name} needs a value",
        _ => error.Message,
    };

    private static bool IsFlag(string token) => token.Length > 1 && token[0] == '-';

    private static string Suggestion(string typed, string[] known) =>
        NearestName.Find(typed, known) is { } nearest ? $", did you mean {nearest}?" : "";

    private static IEnumerable<string> FlagsOf(CommandResult result)
    {
        for (SymbolResult? at = result; at is CommandResult command; at = at.Parent)
        {
            foreach (Option option in command.Command.Options)
            {
                if (!option.Hidden && (command == result || option.Recursive)) yield return option.Name;
            }
        }
    }

    private static string Shown(string token) => $"\"{(token.Length <= LongestShown ? token : token[..LongestShown] + "…")}\"";
}
