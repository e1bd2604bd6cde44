using System.Globalization;
using System.Net;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Hosting;
using DistBp.Cluster.Nodes.Jobs;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes.Processes;

/// <summary>A cluster on this machine for one job: this process is the coordinator, and starts a node process for each worker and server.</summary>
public static class LocalProcesses
{
    public const int MaxProcesses = 64;

    private static readonly TimeSpan MaxStarting = TimeSpan.FromSeconds(60);

    /// <param name="command">How a node process is started: the program, and what comes before the flags of the verb "node".</param>
    /// <param name="tell">Shows a line; from any thread.</param>
    /// <param name="stop">Finishes the step, saves, and ends the run as interrupted.</param>
    /// <exception cref="UserException">The job's error, or a process did not come up.</exception>
    public static Task<RunResult> TrainAsync(
        JobDescription job, TrainingOptions options, ClusterConfiguration configuration, int processes, IReadOnlyList<string> command,
        IReadOnlyList<IRunObserver> observers, Action<string> tell, CancellationToken stop) =>
        TrainAsync(job, options, configuration, processes, command, observers, tell, ClusterRunner.Create, stop);

    internal static async Task<RunResult> TrainAsync(
        JobDescription job, TrainingOptions options, ClusterConfiguration configuration, int processes, IReadOnlyList<string> command,
        IReadOnlyList<IRunObserver> observers, Action<string> tell, Func<NodeContext, NodeParts> parts, CancellationToken stop)
    {
        configuration = ForThisJob(configuration);
        // Its children are told where it listens.
        var rendezvous = new StaticRendezvous(configuration.Rendezvous.Coordinator, () => new VolatileStore());
        ClusterNode node = await ClusterNode.StartAsync(configuration, parts, tell: _ => { }, warn: tell, rendezvous).ConfigureAwait(false);
        await using (node.ConfigureAwait(false))
        {
            using var end = new CancellationTokenSource();
            Task running = node.RunAsync(end.Token);
            var children = new List<ChildProcess>();
            try
            {
                for (int i = 1; i <= processes; i++) children.Add(Start(i, node, configuration, command));
                using var joined = new MemberCount(node.Duty!.Members, processes);
                await JoinedAsync(joined, children, stop).ConfigureAwait(false);
                return await TrainAsync(node.Duty.Queue, job, options, observers, children, tell, stop).ConfigureAwait(false);
            }
            finally
            {
                foreach (ChildProcess child in children) child.Dispose();
                await end.CancelAsync().ConfigureAwait(false);
                await running.ConfigureAwait(false);
            }
        }
    }

    private static async Task<RunResult> TrainAsync(
        JobQueue queue, JobDescription job, TrainingOptions options, IReadOnlyList<IRunObserver> observers, List<ChildProcess> children,
        Action<string> tell, CancellationToken stop)
    {
        (QueuedJob queued, _) = await queue.SubmitAsync(job, options, observers).ConfigureAwait(false);
        foreach (ChildProcess child in children)
        {
            // Told while the job runs; at its end they end as they should.
            _ = child.Ended.ContinueWith(
                _ =>
                {
                    if (!queued.Completion.IsCompleted) tell($"warning: {child.Epitaph}");
                },
                TaskScheduler.Default);
        }
        using (stop.UnsafeRegister(_ => queued.Stop(), null)) return await queued.Completion.ConfigureAwait(false);
    }

    /// <summary>On loopback, at a free port, with a secret that this process has thrown.</summary>
    private static ClusterConfiguration ForThisJob(ClusterConfiguration c) => c with
    {
        Cluster = c.Cluster with { Secret = ClusterSecret.Random() },
        Node = c.Node with
        {
            Name = "parent",
            Roles = NodeRoles.Coordinator,
            Listen = new NodeAddress(IPAddress.Loopback.ToString(), 0),
            Advertise = null,
        },
        Rendezvous = ClusterConfiguration.Default.Rendezvous,
    };

    private static ChildProcess Start(int number, ClusterNode parent, ClusterConfiguration configuration, IReadOnlyList<string> command)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"process-{number}");
        string[] arguments =
        [
            .. command.Skip(1), "--with-parent", "--name", name, "--roles", "worker,server", "--workers", "1", "--listen", "127.0.0.1:0",
            "--coordinator", parent.Endpoint.ToString(),
        ];
        string secret = System.Text.Encoding.UTF8.GetString(configuration.Cluster.Secret.Bytes);
        return ChildProcess.Start(name, command[0], arguments, (ParentPipe.SecretVariable, secret));
    }

    private static async Task JoinedAsync(MemberCount joined, List<ChildProcess> children, CancellationToken stop)
    {
        Task first = await Task.WhenAny([joined.Reached, Task.Delay(MaxStarting, stop), .. children.Select(c => c.Ended)]).ConfigureAwait(false);
        if (first == joined.Reached) return;
        stop.ThrowIfCancellationRequested();
        ChildProcess? dead = children.Find(c => c.HasEnded);
        string what = dead is not null ? dead.Epitaph
            : $"only {joined.Count} of {children.Count} node processes have come up within {MaxStarting.TotalSeconds} s";
        throw new UserException(ErrorKind.Cluster, what, "--processes", "try fewer processes, and see with --verbose or `distbp node` what keeps them");
    }
}
