using DistBp.Learning;

namespace DistBp.Cli;

/// <summary>Tells an error on standard error: what is wrong, where, what to do.</summary>
internal static class ErrorReport
{
    private const string Prefix = "distbp: ";

    /// <param name="verbose">With the stack trace.</param>
    /// <returns>The exit code.</returns>
    public static int Write(Exception error, bool verbose)
    {
        int code = Unwrap(error) switch
        {
            UserException user => WriteProblems(user),
            // A full disk or a folder without permission is not ours to foresee at every write, and no bug either.
            Exception e when e is IOException or UnauthorizedAccessException => WriteSystemError(e),
            Exception e => WriteBug(e),
        };
        if (verbose) Console.Error.WriteLine(error);
        return code;
    }

    private static Exception Unwrap(Exception error) =>
        error is AggregateException { InnerExceptions.Count: 1 } one ? Unwrap(one.InnerException!) : error;

    private static int WriteProblems(UserException error)
    {
        foreach (Problem problem in error.Problems)
        {
            Console.Error.WriteLine(Printable($"{Prefix}{problem.Where}: {problem.What}"));
            if (problem.Remedy.Length > 0) Console.Error.WriteLine(Printable($"    {problem.Remedy}"));
        }
        return (int)error.Kind;
    }

    /// <summary>One line, whatever the quoted data hold: a header over two lines, or the commands of a terminal.</summary>
    private static string Printable(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? '\u00B7' : c)) : text;

    private static int WriteSystemError(Exception error)
    {
        Console.Error.WriteLine($"{Prefix}{error.Message}");
        return (int)ErrorKind.Usage;
    }

    private static int WriteBug(Exception error)
    {
        Console.Error.WriteLine($"{Prefix}a bug in distbp ({error.GetType().Name}: {error.Message.ReplaceLineEndings(" ")}); "
            + "please report it with the output of the same command and --verbose");
        return CommandEdge.Bug;
    }
}
