namespace DistBp.Cli.Display;

/// <summary>Chooses the display: live on a terminal, otherwise plain lines; with --quiet only warnings.</summary>
internal static class ProgressDisplays
{
    public static IProgressDisplay Create(bool quiet)
    {
        bool terminal = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not ("dumb" or "" or null);
        return quiet || !terminal ? new LineDisplay(Console.Error, quiet) : new LiveDisplay();
    }
}
