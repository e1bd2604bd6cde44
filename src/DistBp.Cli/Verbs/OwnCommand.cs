namespace DistBp.Cli.Verbs;

/// <summary>How this program starts itself.</summary>
internal static class OwnCommand
{
    /// <summary>The program, and what comes before the verb: nothing, or the assembly where the program is `dotnet`.</summary>
    public static IReadOnlyList<string> Words()
    {
        string program = Environment.ProcessPath!;
        bool isHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        return isHost ? [program, Path.Combine(AppContext.BaseDirectory, "distbp.dll")] : [program];
    }
}
