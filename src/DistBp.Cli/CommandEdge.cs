using System.CommandLine;
using DistBp.Cli.Usage;
using DistBp.Learning;

namespace DistBp.Cli;

/// <summary>The outermost edge of the command: words in, exit code out. Everything that goes wrong inside ends here.</summary>
internal static class CommandEdge
{
    public const int Bug = 1;
    public const int Interrupted = 130;

    // S.CL's own handling of signals and exceptions is off: a run ends itself in order, and errors are told below.
    private static readonly InvocationConfiguration Invocation =
        new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };

    private static readonly ParserConfiguration Parser = new() { ResponseFileTokenReplacer = null };

    public static async Task<int> RunAsync(string[] arguments)
    {
        ParseResult parsed = DistBpCommand.Create().Parse(arguments, Parser);
        if (UsageError.Find(parsed) is { } wrong)
        {
            await Console.Error.WriteLineAsync(wrong).ConfigureAwait(false);
            return (int)ErrorKind.Usage;
        }
        bool verbose = DistBpCommand.IsVerbose(parsed);
        try
        {
            return await parsed.InvokeAsync(Invocation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
        }
#pragma warning disable CA1031 // The edge of the command: whatever is not the user's mistake is told as a bug.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return ErrorReport.Write(e, verbose);
        }
    }
}
