namespace DistBp.Cli.Display;

/// <summary>Chooses the display: live on a terminal, otherwise plain lines; with --quiet only warnings, with --verbose
/// also the gradients of the last sampled step.</summary>
internal static class ProgressDisplays
{
    public static IProgressDisplay Create(bool quiet, bool verbose)
    {
        bool terminal = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not ("dumb" or "" or null);
        return quiet || !terminal ? new LineDisplay(Console.Error, quiet, verbose) : new LiveDisplay(verbose);
    }
}
