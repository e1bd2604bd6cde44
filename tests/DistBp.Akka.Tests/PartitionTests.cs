using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Remote;
using Akka.Remote.Transport;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Hosting;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Protocol.Membership;

namespace DistBp.Akka.Tests;

/// <summary>
/// Akka.Remote between the coordinator and the other nodes carries nothing any more, while gRPC does: the coordinator that Akka.Cluster has replaced could still reach
/// everybody.
/// </summary>
public sealed class PartitionTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distbp-akka-");
    private readonly ConcurrentQueue<string> _told = new();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_majority_goes_on_with_another_coordinator_and_the_bits_are_those_of_an_undisturbed_run()
    {
        JobDescription job = JobFile.Embedded(["epochs=60", "slices=4"]);
        int[] ports = FreePorts(6);
        var nodes = new List<(AkkaRendezvous Rendezvous, ClusterNode Node, Task Running)>();
        using var leave = new CancellationTokenSource();
        try
        {
            for (int i = 0; i < 3; i++) nodes.Add(await StartAsync(i, ports, leave.Token));
            await ToldAsync("n2: joined the coordinator n0");
            using var client = new ClusterClient(nodes[1].Node.Endpoint, Configuration(1, ports), meansNamed: true);
            (string id, _) = await client.SubmitAsync(job);
            var halfway = new Halfway();
            Task<RunResult> watching = client.WatchAsync(id, [halfway], events: null);
            await halfway.Reached.WaitAsync(Patience);
            await CutOffAsync(nodes[0].Rendezvous.System, nodes[1].Rendezvous.System, nodes[2].Rendezvous.System);
            await ToldAsync("the coordinator now, in its reign 2");
            RunResult result = await watching.WaitAsync(Patience);
            var options = new TrainingOptions { Workers = 1, Servers = 1, OutFolder = Path.Combine(_folder.FullName, "reference") };
            Assert.Equal((await TrainingSession.RunAsync(job, options, [], CancellationToken.None)).WeightsSha256, result.WeightsSha256);
            Assert.Equal(1, result.Restarts);
            var out0 = await Assert.ThrowsAsync<UserException>(() => nodes[0].Running.WaitAsync(Patience));
            Assert.Contains("Akka.Cluster has taken this node out of the cluster", out0.Message, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is TimeoutException or UserException)
        {
            throw new InvalidOperationException(string.Join('\n', _told), e);
        }
        finally
        {
            await leave.CancelAsync();
            foreach ((_, ClusterNode node, Task running) in Enumerable.Reverse(nodes))
            {
                // Its error was looked at above.
                await Task.WhenAny(running, Task.Delay(Patience, CancellationToken.None));
                await node.DisposeAsync();
            }
        }
    }

    private async Task<(AkkaRendezvous, ClusterNode, Task)> StartAsync(int index, int[] ports, CancellationToken leave)
    {
        ClusterConfiguration c = Configuration(index, ports);
        string file = Path.Combine(_folder.FullName, $"n{index}.hocon");
        // The example's settings, and an adapter that can make the net carry nothing.
        string akka = await File.ReadAllTextAsync(Example(), CancellationToken.None);
        for (int seed = 5610; seed <= 5612; seed++) akka = akka.Replace($"akka.tcp://distbp@127.0.0.1:{seed}", $"akka.trttl.tcp://distbp@127.0.0.1:{ports[1]}", StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            file, akka.Replace("port = 5610", $"port = {ports[(2 * index) + 1]}, applied-adapters = [trttl]", StringComparison.Ordinal), CancellationToken.None);
        void Tell(string line) => _told.Enqueue($"n{index}: {line}");
        var rendezvous = new AkkaRendezvous(c, file, Tell);
        ClusterNode node = await ClusterNode.StartAsync(c, ClusterRunner.Create, Tell, rendezvous: rendezvous);
        Task running = node.RunAsync(leave);
        await ToldAsync($"n{index}: joined the coordinator");
        return (rendezvous, node, running);
    }

    private ClusterConfiguration Configuration(int index, int[] ports) => ClusterConfiguration.Default with
    {
        Node = new NodeConfiguration(
            $"n{index}", NodeRoles.Coordinator | (index == 0 ? NodeRoles.None : NodeRoles.Server) | NodeRoles.Worker, new NodeAddress("127.0.0.1", ports[2 * index]), null, 1),
        Rendezvous = ClusterConfiguration.Default.Rendezvous with { Kind = RendezvousKind.Akka },
        Storage = new StorageConfiguration(Path.Combine(_folder.FullName, $"state-{index}"), Path.Combine(_folder.FullName, "runs")),
    };

    private static async Task CutOffAsync(ActorSystem one, params ActorSystem[] others)
    {
        foreach (ActorSystem other in others)
        {
            foreach ((ActorSystem from, ActorSystem to) in ((ActorSystem, ActorSystem)[])[(one, other), (other, one)])
            {
                Address address = global::Akka.Cluster.Cluster.Get(to).SelfAddress;
                Assert.True(await ((IRemoteActorRefProvider)((ExtendedActorSystem)from).Provider).Transport.ManagementCommand(
                    new SetThrottle(address, ThrottleTransportAdapter.Direction.Both, Blackhole.Instance)));
            }
        }
    }

    private async Task ToldAsync(string words)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!_told.Any(l => l.Contains(words, StringComparison.Ordinal)))
        {
            await Task.Delay(50, CancellationToken.None);
            if (limit.IsCancellationRequested) throw new TimeoutException($"nobody said \"{words}\"");
        }
    }

    private static string Example([System.Runtime.CompilerServices.CallerFilePath] string path = "") =>
        Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "deploy", "akka.hocon");

    private static int[] FreePorts(int count)
    {
        // All at once, so that they differ.
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners) listener.Start();
        int[] ports = [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners) listener.Dispose();
        return ports;
    }

    private sealed class Halfway : IRunObserver
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public void OnStarted(RunStarted started)
        {
        }

        public void OnStep(in StepFigures step)
        {
        }

        public void OnEpoch(EpochFigures epoch)
        {
            if (epoch.Epoch >= 20) _reached.TrySetResult();
        }

        public void OnCheckpoint(CheckpointFigures checkpoint)
        {
        }

        public void OnWarning(string text)
        {
        }

        public void OnEnded(RunResult result)
        {
        }
    }
}
