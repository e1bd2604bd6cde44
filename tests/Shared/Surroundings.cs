namespace DistBp.Tests.Shared;

/// <summary>What a test finds on its machine.</summary>
internal static class Surroundings
{
    /// <summary>CI installs all programs that tests need, and takes more time for some.</summary>
    public static bool IsCI { get; } = Environment.GetEnvironmentVariable("DISTBP_CI") == "1";

    /// <summary>The distbp under test: the one that was built with the tests, or another, as CI has the published one tested.</summary>
    public static string Command { get; } =
        Environment.GetEnvironmentVariable("DISTBP_COMMAND") is { Length: > 0 } other ? other : Path.Combine(AppContext.BaseDirectory, "distbp");

    public static bool HasProgram(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(f => File.Exists(Path.Combine(f, name)));
}
