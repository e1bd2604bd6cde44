using System.CommandLine;
using DistBp.Cli.Usage;
using DistBp.Cluster.Nodes.Clients;

namespace DistBp.Cli.Verbs;

/// <summary>distbp cancel: a job that waits is removed, one that runs finishes its step, saves and ends.</summary>
internal static class CancelVerb
{
    private static readonly Argument<string> Job = new("JOBID") { Description = "The job's id, as `distbp status` shows it." };
    private static readonly Option<ClusterChoice?> Cluster = ClusterFlags.Cluster();
    private static readonly Option<string?> Config = ClusterFlags.Config();

    public static Command Create()
    {
        var verb = new Command("cancel", "Ends a job of a cluster.") { Job, Cluster, Config };
        ClusterFlags.RequireCluster(verb, Cluster, Config);
        verb.SetAction((parsed, _) => RunAsync(parsed));
        HelpPage.AddExamples(verb, "distbp cancel --cluster 127.0.0.1:5600 digits-1");
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        using ClusterClient client = ClusterFlags.Connect(parsed.GetValue(Cluster), parsed.GetValue(Config));
        string job = parsed.GetRequiredValue(Job);
        bool wasRunning = await client.CancelAsync(job).ConfigureAwait(false);
        await Console.Error.WriteLineAsync($"{job} {(wasRunning ? "finishes its step, saves and ends" : "is removed from the queue")}").ConfigureAwait(false);
        return 0;
    }
}
