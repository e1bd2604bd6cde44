using DistBp.Cluster.Configuration.Clusters;

namespace DistBp.Cluster.Nodes.Processes;

/// <summary>A child's side of <see cref="ChildProcess"/>.</summary>
public static class ParentPipe
{
    /// <summary>The secret comes by the environment: a command line is shown to every user of a machine.</summary>
    public const string SecretVariable = "DISTBP_PARENT_SECRET";

    public static ClusterSecret Secret => new(Environment.GetEnvironmentVariable(SecretVariable) ?? "");

    /// <summary>Completes when the parent has closed the pipe, or has ended.</summary>
    public static Task ClosedAsync() => Task.Run(async () =>
    {
        using Stream input = Console.OpenStandardInput();
        var buffer = new byte[256];
        while (await input.ReadAsync(buffer).ConfigureAwait(false) > 0)
        {
        }
    });
}
