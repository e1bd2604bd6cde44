using Akka.Actor;
using Akka.TestKit.Xunit2;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Wire.Control;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Membership;
using DistBp.Protocol.Messages;
using Address = DistBp.Protocol.Address;
using Machine = DistBp.Cluster.Actors.Actor;

namespace DistBp.Akka.Tests;

/// <summary>A job's state machines as actors of Akka.NET.</summary>
public sealed class MachineInboxTests() : TestKit(AkkaSystem.Settled("akka.remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }", "worker"))
{
    [Fact]
    public void A_message_is_handled_by_the_thread_that_brings_it_and_what_it_leads_to_after_it()
    {
        var transport = new InMemoryTransport(servers: 1, workers: 1);
        List<(string Who, int Thread)> handled = [];
        var second = new Scripted(Address.Server(0), transport, _ => handled.Add(("second", Environment.CurrentManagedThreadId)));
        bool within = false, nested = false;
        var first = new Scripted(Address.Worker(0), transport, machine =>
        {
            nested |= within;
            within = true;
            handled.Add(("first", Environment.CurrentManagedThreadId));
            second.Post(new StopRequested());
            if (handled.Count < 2) machine.Post(new StopRequested());
            within = false;
        });
        foreach (Machine machine in (Machine[])[first, second]) machine.BeHosted(new Hosting(Sys), job: 7);
        var thread = new Thread(() => first.Post(new StopRequested()));
        thread.Start();
        thread.Join();
        // Whoever is told something while the thread is at another one waits for its turn: the first one was told by itself before the second one had it.
        Assert.Equal(["first", "first", "second", "second"], handled.Select(h => h.Who));
        Assert.All(handled, h => Assert.Equal(thread.ManagedThreadId, h.Thread));
        Assert.False(nested, "a message was handled in the middle of another one");
    }

    [Fact]
    public async Task Each_of_many_threads_has_its_messages_handled_in_order_one_at_a_time()
    {
        const int threads = 4, messages = 2000;
        var transport = new InMemoryTransport(servers: 1, workers: 1);
        List<EpochCounted> handled = [];
        int within = 0;
        var machine = new Scripted(Address.Server(0), transport, (_, message) =>
        {
            Assert.Equal(1, Interlocked.Increment(ref within));
            handled.Add((EpochCounted)message);
            Interlocked.Decrement(ref within);
        });
        machine.BeHosted(new Hosting(Sys), job: 7);
        await Task.WhenAll(Enumerable.Range(0, threads).Select(t => Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; i < messages; i++) machine.Post(new EpochCounted(t, i));
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        await AwaitConditionAsync(() => Task.FromResult(Volatile.Read(ref within) == 0 && handled.Count == threads * messages), AkkaNodes.Patience);
        Assert.False(transport.HasFailed, "the machine has failed");
        for (int t = 0; t < threads; t++) Assert.Equal(Enumerable.Range(0, messages), handled.Where(h => h.Thread == t).Select(h => h.Number));
    }

    [Fact]
    public void What_is_no_message_of_the_protocol_is_not_handled_and_a_line_that_nobody_takes_from_is_bounded()
    {
        var transport = new InMemoryTransport(servers: 1, workers: 1);
        int handled = 0;
        using var busy = new ManualResetEventSlim();
        using var at = new ManualResetEventSlim();
        var machine = new Scripted(Address.Server(3), transport, _ =>
        {
            if (++handled != 1) return;
            at.Set();
            busy.Wait(AkkaNodes.Patience);
        });
        machine.BeHosted(new Hosting(Sys), job: 7);
        Sys.ActorSelection("/user/test-*").Tell(new Heartbeat());
        var thread = new Thread(() => machine.Post(new StopRequested()));
        thread.Start();
        Assert.True(at.Wait(AkkaNodes.Patience), "nothing was handled");
        // One is handled, and counts no more.
        for (int i = 0; i < Mailbox<Message>.Capacity; i++) machine.Post(new StopRequested());
        Assert.Contains("server 3", Assert.Throws<InvalidOperationException>(() => machine.Post(new StopRequested())).Message, StringComparison.Ordinal);
        busy.Set();
        thread.Join();
        AwaitCondition(() => Volatile.Read(ref handled) == Mailbox<Message>.Capacity + 1, AkkaNodes.Patience);
        Assert.False(transport.HasFailed, "the machine has failed");
    }

    [Fact]
    public async Task A_jobs_coordinator_servers_and_workers_are_actors_of_their_nodes_as_long_as_it_runs()
    {
        JobDescription job = JobFile.Embedded(["epochs=300", "slices=4"]);
        await using AkkaNodes nodes = await AkkaNodes.StartAsync(NodeRoles.Worker);
        using ClusterClient client = nodes.Client(of: 1);
        (string id, _) = await client.SubmitAsync(job);
        var begun = new EpochProbe(2);
        Task<RunResult> watching = client.WatchAsync(id, [begun], events: null);
        await begun.Reached.WaitAsync(AkkaNodes.Patience);
        string[][] kinds = [["coordinator", "worker"], ["server", "worker"], ["server", "worker"]];
        for (int node = 0; node < 3; node++) Assert.Equal(kinds[node], (await HostedAsync(nodes.System(node), _ => true)).Select(n => n.Split('-')[2]).Distinct().Order());
        Assert.False(watching.IsCompleted, "the run ended before its actors were looked for: it must be longer");
        await client.CancelAsync(id);
        await watching.WaitAsync(AkkaNodes.Patience);
        for (int node = 0; node < 3; node++) await HostedAsync(nodes.System(node), names => names.Count == 0);
    }

    /// <summary>The names of a node's actors of jobs, once they are so.</summary>
    private static async Task<List<string>> HostedAsync(ActorSystem system, Predicate<List<string>> isSo)
    {
        using var limit = new CancellationTokenSource(AkkaNodes.Patience);
        while (true)
        {
            var names = new List<string>();
            using global::Akka.Actor.Inbox inbox = global::Akka.Actor.Inbox.Create(system);
            system.ActorSelection("/user/job-*").Tell(new Identify(null), inbox.Receiver);
            while (await NextAsync(inbox) is { Subject: { } found }) names.Add(found.Path.Name);
            if (isSo(names)) return names;
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    private static async Task<ActorIdentity?> NextAsync(global::Akka.Actor.Inbox inbox)
    {
        try
        {
            return await inbox.ReceiveAsync(TimeSpan.FromMilliseconds(300)) as ActorIdentity;
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private sealed record EpochCounted(int Thread, int Number) : Message;

    private sealed class Hosting(ActorSystem system) : IActorHosting
    {
        public IInbox Host(long job, Machine actor) => new MachineInbox(system, $"test-{job}-{actor.Address.Role}", actor);
    }

    private sealed class Scripted(Address address, ITransport transport, Action<Machine, Message> step) : Machine(address, transport)
    {
        public Scripted(Address address, ITransport transport, Action<Machine> step)
            : this(address, transport, (machine, _) => step(machine))
        {
        }

        protected override void Step(Message message, EffectList effects) => step(this, message);

        protected override void Perform(Effect effect) => throw new InvalidOperationException($"{effect} was not asked for.");
    }
}
