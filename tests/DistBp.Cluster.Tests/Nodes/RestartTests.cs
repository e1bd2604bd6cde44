using System.Net;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Nodes.Jobs;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Runs;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Tests.Nodes;

/// <summary>A coordinator that is killed and starts again with its state: jobs, members and watchers go on.</summary>
public sealed class RestartTests
{
    private static readonly JobDescription Job = JobFile.Embedded([]);

    [Fact]
    public async Task Jobs_that_wait_wait_again_the_running_one_goes_on_and_no_number_is_given_twice()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using ClusterClient client = cluster.Client();
        for (int i = 0; i < 4; i++) await client.SubmitAsync(Job);
        await cluster.Runner.BegunAsync();
        cluster.Runner.LetEnd();
        await client.WatchAsync("digits-1", [], null).WaitAsync(TestCluster.Patience);
        await cluster.Runner.BegunAsync();
        await client.CancelAsync("digits-4");
        string folder = (await client.StatusAsync()).Jobs[0].Folder;

        await cluster.RestartCoordinatorAsync();
        await cluster.Coordinator.LineAsync("job digits-2 goes on");
        await cluster.Runner.BegunAsync();
        ClusterReport report = await client.StatusAsync();
        Assert.Equal(
            [("digits-2", "running"), ("digits-3", "waiting"), ("digits-1", "completed"), ("digits-4", "cancelled")],
            report.Jobs.Select(j => (j.Id, j.State)));
        Assert.Equal((100L, 20), (report.Jobs[2].Step, report.Jobs[2].Epoch));
        Assert.Equal(folder, report.Jobs[0].Folder);
        Assert.Equal(("digits-5", 2), await client.SubmitAsync(Job));
        Assert.Equal(2, cluster.Runner.Record!.Stored.Reigns);
        Assert.Equal("abc", (await client.WatchAsync("digits-1", [], null).WaitAsync(TestCluster.Patience)).WeightsSha256);
        await Assert.ThrowsAsync<OperationCanceledException>(() => client.WatchAsync("digits-4", [], null));

        cluster.Runner.LetEnd();
        await client.WatchAsync("digits-2", [], null).WaitAsync(TestCluster.Patience);
        cluster.Runner.LetEnd();
        await client.WatchAsync("digits-3", [], null).WaitAsync(TestCluster.Patience);
        Assert.Equal(["digits-1", "digits-2", "digits-2", "digits-3"], cluster.Runner.Ran.Take(4));
        Assert.Single(Directory.GetDirectories(cluster.RunsFolder), d => d == folder);
    }

    [Fact]
    public async Task An_error_that_ended_a_job_is_told_after_a_restart_too_and_a_forgotten_job_stays_forgotten()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using ClusterClient client = cluster.Client();
        cluster.Runner.Error = new UserException(ErrorKind.Diverged, [new Problem("what", "where", "remedy")]);
        for (int i = 1; i <= JobQueue.MaxEnded + 2; i++)
        {
            await client.SubmitAsync(Job);
            cluster.Runner.LetEnd();
            await Assert.ThrowsAsync<UserException>(() => client.WatchAsync($"digits-{i}", [], null).WaitAsync(TestCluster.Patience));
        }
        await cluster.RestartCoordinatorAsync();
        ClusterReport report = await client.StatusAsync();
        Assert.InRange(report.Jobs.Count, JobQueue.MaxEnded, JobQueue.MaxEnded + 1);
        Assert.All(report.Jobs, j => Assert.Equal(("failed", "what (where): remedy"), (j.State, j.Error)));
        var failed = await Assert.ThrowsAsync<UserException>(() => client.WatchAsync("digits-34", [], null).WaitAsync(TestCluster.Patience));
        Assert.Equal((ErrorKind.Diverged, new Problem("what", "where", "remedy")), (failed.Kind, failed.Problems.Single()));
        Assert.Equal("digits-35", (await client.SubmitAsync(Job)).Job);
    }

    [Fact]
    public async Task A_job_that_was_cancelled_while_it_ran_ends_when_the_coordinator_comes_back()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using ClusterClient client = cluster.Client();
        await client.SubmitAsync(Job);
        await cluster.Runner.BegunAsync();
        // As if the process were killed between the answer and the end.
        await cluster.Runner.Record!.SaveAsync(s => s.StopRequested = true);
        await cluster.RestartCoordinatorAsync();
        await cluster.Coordinator.LineAsync("job digits-1 has ended: interrupted");
    }

    [Fact]
    public async Task A_watcher_goes_on_and_sees_each_event_once()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using ClusterClient client = cluster.Client();
        cluster.Runner.Epochs = 3;
        await client.SubmitAsync(Job);
        await cluster.Runner.BegunAsync();
        using var probe = new RunProbe();
        using var events = new StringWriter();
        var told = new List<string>();
        Task<RunResult> watching = client.WatchAsync("digits-1", [probe], events, told.Add);
        while (probe.Warnings.Count == 0) await Task.Delay(5);
        string folder = probe.Started!.Folder;
        // What the run has told of before it was killed stands in its events; one of them the watcher has not seen.
        await File.WriteAllLinesAsync(Path.Combine(folder, "events.jsonl"),
        [
            .. events.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries),
            $$"""{"event":"warning","time":"{{DateTime.UtcNow:O}}","message":"while nobody watched"}""",
        ]);
        // The next one tells of the same epochs and of one more.
        cluster.Runner.Epochs = 4;
        await cluster.RestartCoordinatorAsync();
        await cluster.Runner.BegunAsync();
        cluster.Runner.LetEnd();
        RunResult result = await watching.WaitAsync(TestCluster.Patience);
        Assert.Equal(RunStatus.Completed, result.Status);
        Assert.Equal(["mind the gap", "while nobody watched"], probe.Warnings.Take(2));
        Assert.Equal([1, 2, 3], probe.Epochs.Take(3).Select(e => e.Epoch));
        Assert.Contains(4, probe.Epochs.Select(e => e.Epoch));
        Assert.Equal(2, told.Count);
        Assert.Contains("does not answer", told[0], StringComparison.Ordinal);
        Assert.Contains("answers again", told[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watcher_whose_connection_breaks_misses_nothing_and_sees_nothing_twice()
    {
        var history = new EventHistory();
        for (int i = 0; i < 5; i++) history.Add($"{{\"n\":{i}}}");
        List<RunEvent> seen = [];
        history.End(new RunEnd { NeverRan = true });
        await foreach (RunEvent e in history.ReadAsync(3, CancellationToken.None)) seen.Add(e);
        Assert.Equal(["{\"n\":3}", "{\"n\":4}", ""], seen.Select(e => e.Json));
    }

    [Fact]
    public async Task A_node_keeps_its_incarnation_and_what_it_is_at_when_the_coordinator_comes_back()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        TestNode a = await cluster.StartMemberAsync("a1");
        await a.LineAsync("joined");
        using ClusterClient client = cluster.Client();
        await client.SubmitAsync(Job);
        await cluster.Runner.BegunAsync();
        MemberId id = cluster.Runner.Members!.Members.Single().Id;
        a.Hosted = [new JobPart(1, [0], [0])];
        await cluster.Runner.Record!.SaveAsync(s => s.Nodes.Add(StoredNode.Of(id, [0], [0])));

        await cluster.RestartCoordinatorAsync();
        await a.LineAsync("joined");
        await cluster.Runner.BegunAsync();
        ClusterMember back = (await MembersAsync(cluster, 1)).Single();
        Assert.Equal(id, back.Id);
        Assert.Equal([(1L, 0, 0)], back.Jobs.Select(j => (j.Job, j.Workers.Single(), j.Servers.Single())));
        Assert.Equal([new NodeAdmission(id.Incarnation, 1), new NodeAdmission(id.Incarnation, 2)], a.Admissions);
        cluster.Runner.LetEnd();
    }

    [Theory]
    [InlineData("another incarnation")]
    [InlineData("another number")]
    [InlineData("not counted on")]
    public async Task A_node_whose_part_counts_no_more_joins_anew(string how)
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        TestNode a = await cluster.StartMemberAsync("a1");
        await a.LineAsync("joined");
        using ClusterClient client = cluster.Client();
        await client.SubmitAsync(Job);
        await cluster.Runner.BegunAsync();
        MemberId id = cluster.Runner.Members!.Members.Single().Id;
        a.Hosted = [new JobPart(1, [0], [0])];
        if (how == "another incarnation") await cluster.Runner.Record!.SaveAsync(s => s.Nodes.Add(StoredNode.Of(id with { Incarnation = id.Incarnation - 1 }, [0], [0])));
        if (how == "another number") await cluster.Runner.Record!.SaveAsync(s => s.Nodes.Add(StoredNode.Of(id, [1], [0])));

        await cluster.RestartCoordinatorAsync();
        Assert.Contains($"what a1 #{id.Incarnation} holds of job 1 counts no more", await a.LineAsync("goes on without"), StringComparison.Ordinal);
        await a.LineAsync("joined");
        ClusterMember anew = (await MembersAsync(cluster, 1)).Single();
        Assert.Equal((id.Incarnation + 1, 0), (anew.Incarnation, anew.Jobs.Count));
        cluster.Runner.LetEnd();
    }

    [Fact]
    public async Task Within_a_reign_a_lost_node_is_refused_with_its_old_incarnation_and_joins_anew()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using var channel = new GrpcChannel(cluster.Coordinator.Node.Endpoint.Uri, GrpcLimits.Default);
        using (ClientCall<Heartbeat, ClusterNews> first = await JoinAsync(channel, cluster, incarnation: 7, term: 0))
            Assert.Equal(1, (await first.ReadAsync())!.Admission.Term);
        await cluster.Coordinator.LineAsync("is lost");
        using ClientCall<Heartbeat, ClusterNews> zombie = await JoinAsync(channel, cluster, incarnation: 7, term: 1);
        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await zombie.ReadAsync());
        Assert.Equal((StatusCode.Aborted, "z1 #7 was lost in this reign: it joins anew"), (refused.Status, refused.Detail));
        using ClientCall<Heartbeat, ClusterNews> anew = await JoinAsync(channel, cluster, incarnation: 8, term: 0);
        Assert.NotNull((await anew.ReadAsync())!.Admission);
        using ClientCall<Heartbeat, ClusterNews> ahead = await JoinAsync(channel, cluster, incarnation: 9, term: 2);
        RpcException followed = await Assert.ThrowsAsync<RpcException>(async () => await ahead.ReadAsync());
        Assert.Equal(StatusCode.Unavailable, followed.Status);
        Assert.Contains("of reign 1, and the node is of reign 2", followed.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_coordinator_of_a_reign_that_is_over_is_refused_by_the_node_which_waits_for_a_newer_one()
    {
        var impatient = new FailureDetectorConfiguration(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(200));
        await using TestCluster cluster = await TestCluster.StartAsync(detection: impatient);
        await cluster.RestartCoordinatorAsync();
        TestNode a = await cluster.StartMemberAsync("a1");
        await a.LineAsync("joined");
        a.Work = "job 1: worker 0: waiting, step 7 of those until 10";
        string address = cluster.Coordinator.Node.Endpoint.ToString();
        await cluster.Coordinator.DisposeAsync();
        // One whose state is another: its reign is the first.
        ClusterConfiguration old = cluster.Configuration with { Storage = cluster.Configuration.Storage with { State = Path.Combine(cluster.RunsFolder, "state") } };
        old = old with { Node = old.Node with { Name = "c0", Roles = NodeRoles.Coordinator, Listen = NodeAddress.Parse(address, "test"), Advertise = null } };
        await using TestNode zombie = await TestNode.StartAsync(old, cluster.Runner);
        var failed = await Assert.ThrowsAsync<UserException>(() => a.Running.WaitAsync(TestCluster.Patience));
        Assert.Equal(ErrorKind.Cluster, failed.Kind);
        Assert.Contains("waited 3 s for the coordinator", failed.Message, StringComparison.Ordinal);
        Assert.Contains("this coordinator is of reign 1, and the node is of reign 2: another coordinator has followed", failed.Message, StringComparison.Ordinal);
        Assert.Contains("node a1, job 1: worker 0: waiting, step 7 of those until 10", failed.Message, StringComparison.Ordinal);
        Assert.Single(a.Admissions);
    }

    [Fact]
    public async Task A_node_that_joins_anew_refuses_a_coordinator_of_a_reign_that_is_over_too()
    {
        var terms = new Queue<long>([5, 4]);
        await using GrpcServer server = await GrpcServer.StartAsync(
            new IPEndPoint(IPAddress.Loopback, 0), GrpcLimits.Default,
            services => services.DuplexStreaming(ControlMethods.Join, async (heartbeats, news, call) =>
            {
                await heartbeats.ReadAsync(call.Cancellation);
                await news.WriteAsync(new ClusterNews { Admission = new Admission { Coordinator = "c0", Term = terms.Count > 1 ? terms.Dequeue() : terms.Peek() } }, call.Cancellation);
                throw new RpcException(StatusCode.Aborted, "no heartbeat came");
            }),
            _ => { });
        var impatient = new FailureDetectorConfiguration(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100));
        ClusterConfiguration c = ClusterConfiguration.Default with { FailureDetector = impatient };
        var context = new NodeContext(c, StaticRendezvous.At(new NodeAddress("127.0.0.1", server.Address.Port)), new CallCredentials(c.Cluster), Tell: _ => { }, Warn: _ => { }) { Endpoint = new NodeAddress("127.0.0.1", 1) };
        var admissions = new List<NodeAdmission>();
        var parts = new NodeParts((_, _, _, _, _) => throw new NotSupportedException()) { Admitted = admissions.Add };
        using var membership = new Membership(context, parts, _ => { });
        var failed = await Assert.ThrowsAsync<UserException>(() => membership.RunAsync(default, default).WaitAsync(TestCluster.Patience));
        Assert.Contains("c0 there is the coordinator of reign 4, and reign 5 has been", failed.Message, StringComparison.Ordinal);
        Assert.Equal(5, Assert.Single(admissions).Term);
    }

    [Fact]
    public async Task A_coordinator_whose_state_is_held_by_another_does_not_start()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        ClusterConfiguration second = cluster.Configuration with
        {
            Node = cluster.Configuration.Node with { Name = "c1", Roles = NodeRoles.Coordinator, Listen = new NodeAddress("127.0.0.1", 0) },
        };
        var refused = await Assert.ThrowsAsync<UserException>(() => ClusterNode.StartAsync(second, _ => { }));
        Assert.Contains("another distbp is the coordinator with this state", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_status_is_watched_on_when_the_coordinator_comes_back()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using ClusterClient client = cluster.Client();
        using var stop = new CancellationTokenSource();
        var told = new List<string>();
        int shown = 0;
        Task watching = client.WatchStatusAsync(TimeSpan.FromMilliseconds(20), _ => Interlocked.Increment(ref shown), told.Add, stop.Token);
        while (Volatile.Read(ref shown) < 3) await Task.Delay(5);
        await cluster.Coordinator.DisposeAsync();
        while (told.Count < 1) await Task.Delay(5);
        await cluster.RestartCoordinatorAsync();
        while (told.Count < 2) await Task.Delay(5);
        int shownBefore = Volatile.Read(ref shown);
        while (Volatile.Read(ref shown) < shownBefore + 3) await Task.Delay(5);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching.WaitAsync(TestCluster.Patience));
        Assert.Contains("answers again", told[^1], StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<ClusterMember>> MembersAsync(TestCluster cluster, int count)
    {
        ClusterMembers members = cluster.Coordinator.Node.Duty!.Members;
        using var reached = new MemberCount(members, count);
        await reached.Reached.WaitAsync(TestCluster.Patience);
        return members.Members;
    }

    private static async Task<ClientCall<Heartbeat, ClusterNews>> JoinAsync(GrpcChannel channel, TestCluster cluster, ulong incarnation, long term)
    {
        ClientCall<Heartbeat, ClusterNews> call = channel.Call(ControlMethods.Join, new CallCredentials(cluster.Configuration.Cluster).Metadata);
        await call.WriteAsync(new Heartbeat
        {
            Introduction = new Introduction
            {
                Name = "z1", Incarnation = incarnation, Address = "127.0.0.1:1", Workers = 1, Roles = { NodeRole.Worker }, Term = term,
            },
        });
        return call;
    }
}
