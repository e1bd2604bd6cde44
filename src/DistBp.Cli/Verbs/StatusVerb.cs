using System.CommandLine;
using DistBp.Cli.Display;
using DistBp.Cli.Usage;
using DistBp.Cluster.Nodes.Clients;

namespace DistBp.Cli.Verbs;

/// <summary>distbp status: members, jobs, and who is slow and why.</summary>
internal static class StatusVerb
{
    private const string ClearScreen = "\e[H\e[2J\e[3J";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private static readonly Option<ClusterChoice?> Cluster = ClusterFlags.Cluster();
    private static readonly Option<string?> Config = ClusterFlags.Config();
    private static readonly Option<bool> Watch = Flags.Switch("--watch", "Show it anew each second, until Ctrl-C.");
    private static readonly Option<bool> Json = Flags.Switch("--json", "Write JSON instead of tables.");

    public static Command Create()
    {
        var verb = new Command("status", "Shows a cluster's members and jobs.") { Cluster, Watch, Json, Config };
        ClusterFlags.RequireCluster(verb, Cluster, Config);
        verb.SetAction((parsed, _) => RunAsync(parsed));
        HelpPage.AddExamples(verb, """
            distbp status --cluster 127.0.0.1:5600
            distbp status --cluster 127.0.0.1:5600 --watch
            distbp status --cluster 127.0.0.1:5600 --json
            distbp status --cluster etcd --config cluster.hocon
            """);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        using ClusterClient client = ClusterFlags.Connect(parsed.GetValue(Cluster), parsed.GetValue(Config));
        bool watch = parsed.GetValue(Watch), json = parsed.GetValue(Json);
        if (watch) await client.WatchStatusAsync(Interval, report => Show(report, json, watch), Console.Error.WriteLine).ConfigureAwait(false);
        else Show(await client.StatusAsync().ConfigureAwait(false), json, watch);
        return 0;
    }

    private static void Show(ClusterReport report, bool json, bool watch)
    {
        if (watch && !json && !Console.IsOutputRedirected) Console.Out.Write(ClearScreen);
        if (json) StatusJson.Write(report, Console.Out);
        else StatusText.Write(report, Console.Out);
        Console.Out.Flush();
    }
}
