using System.Runtime.CompilerServices;

namespace DistBp.Cli.Tests.Deployment;

/// <summary>deploy/ of the repository.</summary>
internal static class DeployFolder
{
    public static string Kubernetes => File("kubernetes");

    public static string Repository([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));

    public static string File(string name) => Path.Combine(Repository(), "deploy", name);

    /// <summary>${NAME} and ${?NAME} in HOCON, as the environment of the process would fill them in.</summary>
    public static string FillIn(string hocon, IReadOnlyDictionary<string, string> environment) => environment.Aggregate(
        hocon, (text, v) => text.Replace($"${{{v.Key}}}", $"\"{v.Value}\"", StringComparison.Ordinal).Replace($"${{?{v.Key}}}", $"\"{v.Value}\"", StringComparison.Ordinal));
}
