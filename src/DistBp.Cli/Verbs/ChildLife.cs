using System.Runtime.InteropServices;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Processes;

namespace DistBp.Cli.Verbs;

/// <summary>
/// A node that another distbp has started: it ends with that one, whatever becomes of it. A terminal's Ctrl-C reaches both, and is the parent's
/// to answer; SIGTERM to this process alone makes it leave the cluster.
/// </summary>
internal static class ChildLife
{
    private static readonly TimeSpan MaxEnding = TimeSpan.FromSeconds(3);

    public static async Task RunAsync(ClusterNode node)
    {
        using var leave = new CancellationTokenSource();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ignore);
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Ignore);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            leave.Cancel();
        });
        Task running = node.RunAsync(leave.Token);
        if (await Task.WhenAny(running, ParentPipe.ClosedAsync()).ConfigureAwait(false) == running)
        {
            await running.ConfigureAwait(false);
            return;
        }
        // Nobody is left to whom it could matter how this process ends.
        await Task.WhenAny(node.DisposeAsync().AsTask(), Task.Delay(MaxEnding, CancellationToken.None)).ConfigureAwait(false);
        Environment.Exit(0);
    }

    private static void Ignore(PosixSignalContext context) => context.Cancel = true;
}
