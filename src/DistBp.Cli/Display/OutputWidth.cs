namespace DistBp.Cli.Display;

/// <summary>How many columns standard output has.</summary>
internal static class OutputWidth
{
    private const int OfFiles = 100, Least = 40, Most = 160;

    public static int OfConsole()
    {
        if (Console.IsOutputRedirected) return OfFiles;
        int width = Console.WindowWidth;
        return width <= 0 ? OfFiles : Math.Clamp(width - 1, Least, Most);
    }
}
