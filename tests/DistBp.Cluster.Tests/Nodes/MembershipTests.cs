using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;
using DistBp.Protocol.Membership;
using MemberLost = DistBp.Cluster.Nodes.Members.MemberLost;

namespace DistBp.Cluster.Tests.Nodes;

public sealed class MembershipTests
{
    [Fact]
    public async Task A_node_joins_and_both_sides_say_so()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        TestNode a = await cluster.StartMemberAsync("a1");
        Assert.Equal($"joined the coordinator c0 at {cluster.Coordinator.Node.Endpoint}", await a.LineAsync("joined"));
        Assert.Equal($"a1 (worker, server at {a.Node.Endpoint}) joined; 1 member", await cluster.Coordinator.LineAsync("a1"));
        ClusterMember member = Assert.Single(cluster.Coordinator.Node.Duty!.Members.Members);
        Assert.Equal(("a1", NodeRoles.Worker | NodeRoles.Server, a.Node.Endpoint, 1, false), (member.Name, member.Roles, member.Endpoint, member.Workers, member.IsHere));
        Assert.Equal([new NodeAdmission(member.Incarnation, 1)], a.Admissions);
    }

    [Fact]
    public async Task A_coordinator_that_works_too_is_a_member_in_its_own_process()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(NodeRoles.Coordinator | NodeRoles.Worker);
        ClusterMember member = Assert.Single(cluster.Coordinator.Node.Duty!.Members.Members);
        Assert.Equal(("c0", NodeRoles.Worker, true), (member.Name, member.Roles, member.IsHere));
    }

    [Fact]
    public async Task A_node_that_dies_is_lost_at_once()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        TestNode a = await cluster.StartMemberAsync("a1");
        await cluster.Coordinator.LineAsync("a1");
        await a.DisposeAsync();
        Assert.Contains("is lost: its connection ended", await cluster.Coordinator.LineAsync("a1"), StringComparison.Ordinal);
        Assert.Empty(cluster.Coordinator.Node.Duty!.Members.Members);
    }

    [Fact]
    public async Task A_node_that_falls_silent_is_lost_within_the_bound_and_is_told_why()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using var channel = new GrpcChannel(cluster.Coordinator.Node.Endpoint.Uri, GrpcLimits.Default);
        using ClientCall<Heartbeat, ClusterNews> call = channel.Call(ControlMethods.Join, new CallCredentials(cluster.Configuration.Cluster).Metadata);
        await call.WriteAsync(new Heartbeat
        {
            Introduction = new Introduction { Name = "mute", Incarnation = 1, Address = "127.0.0.1:1", Workers = 1, Roles = { NodeRole.Worker } },
        });
        Admission admission = (await call.ReadAsync())!.Admission;
        Assert.Equal(("c0", 50u, 1000u), (admission.Coordinator, admission.HeartbeatIntervalMilliseconds, admission.AcceptablePauseMilliseconds));
        long begin = Environment.TickCount64;
        RpcException end = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ReadAsync() is { } news) Assert.False(news.Released);
        });
        Assert.Equal(StatusCode.Aborted, end.Status);
        Assert.Matches("^no heartbeat for 1.* s, and acceptable-pause is 1.0 s$", end.Detail);
        Assert.InRange(Environment.TickCount64 - begin, 900, 10_000);
    }

    /// <summary>The chaos runner found a node that a peer had complained of: a member of the cluster still, but of no job any more, for ever.</summary>
    [Fact]
    public async Task A_member_that_is_expelled_hears_why_and_joins_anew_as_another_incarnation()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        TestNode a = await cluster.StartMemberAsync("a1");
        await cluster.Coordinator.LineAsync("a1");
        ClusterMembers members = cluster.Coordinator.Node.Duty!.Members;
        ClusterMember before = Assert.Single(members.Members);
        members.Expel(before, "b1 does not reach it");
        Assert.Contains("b1 does not reach it", await a.LineAsync("is lost"), StringComparison.Ordinal);
        Assert.Contains("is lost", await cluster.Coordinator.LineAsync("a1"), StringComparison.Ordinal);
        await cluster.Coordinator.LineAsync("joined");
        ClusterMember after = Assert.Single(members.Members);
        Assert.Equal("a1", after.Name);
        Assert.InRange(after.Incarnation, before.Incarnation + 1, ulong.MaxValue);
        // What it was is not expelled twice.
        members.Expel(before, "late");
        Assert.Equal(after, Assert.Single(members.Members));
    }

    [Fact]
    public async Task A_coordinator_does_not_expel_its_own_process()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(NodeRoles.Coordinator | NodeRoles.Worker);
        ClusterMembers members = cluster.Coordinator.Node.Duty!.Members;
        members.Expel(members.Members.Single(), "whatever");
        Assert.Single(members.Members);
    }

    [Fact]
    public async Task A_node_leaves_in_order_and_the_cluster_calls_it_left()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        TestNode a = await cluster.StartMemberAsync("a1");
        await cluster.Coordinator.LineAsync("a1");
        await a.LeaveAsync();
        await cluster.Coordinator.LineAsync("is leaving");
        Assert.Contains("has left; 0 members", await cluster.Coordinator.LineAsync("a1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_a_job_runs_a_leaving_node_waits_for_its_release()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        cluster.Runner.Releases = false;
        TestNode a = await cluster.StartMemberAsync("a1"), b = await cluster.StartMemberAsync("b1");
        await cluster.Coordinator.LineAsync("2 members");
        using ClusterClient client = cluster.Client();
        await client.SubmitAsync(JobFile.Embedded([]));
        await cluster.Runner.BegunAsync();
        Task leaving = a.LeaveAsync();
        await cluster.Coordinator.LineAsync("is leaving");
        await Task.Delay(300);
        Assert.False(leaving.IsCompleted);
        Assert.Equal(["b1"], cluster.Runner.Members!.Members.Select(m => m.Name));
        ClusterMember member = cluster.Runner.Changes.OfType<MemberLeaving>().Single().Member;
        cluster.Runner.Members!.Release(member);
        await leaving;
        await cluster.Coordinator.LineAsync("has left");
        Assert.Equal(["MemberJoined a1", "MemberJoined b1", "MemberLeaving a1"], cluster.Runner.Changes.Select(c => $"{c.GetType().Name} {c.Member.Name}"));
        // One that leaves when the job ends is released with it.
        Task last = b.LeaveAsync();
        await cluster.Coordinator.LineAsync("is leaving");
        cluster.Runner.LetEnd();
        await last;
    }

    [Fact]
    public async Task A_lost_member_is_told_to_the_job_with_the_reason()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        TestNode a = await cluster.StartMemberAsync("a1");
        await cluster.Coordinator.LineAsync("joined");
        using ClusterClient client = cluster.Client();
        await client.SubmitAsync(JobFile.Embedded([]));
        await cluster.Runner.BegunAsync();
        await a.DisposeAsync();
        await cluster.Coordinator.LineAsync("is lost");
        Assert.Contains("its connection ended", cluster.Runner.Changes.OfType<MemberLost>().Single().Reason, StringComparison.Ordinal);
        cluster.Runner.LetEnd();
    }

    [Fact]
    public async Task A_second_node_of_a_live_name_is_refused_and_the_first_stays()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        TestNode first = await cluster.StartMemberAsync("a1");
        await first.LineAsync("joined");
        TestNode second = await cluster.StartMemberAsync("a1");
        var refused = await Assert.ThrowsAsync<UserException>(() => second.Running.WaitAsync(TestCluster.Patience));
        Assert.Equal(ErrorKind.Usage, refused.Kind);
        Assert.Contains($"the name 'a1' is taken by the live node at {first.Node.Endpoint}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(first.Node.Endpoint, Assert.Single(cluster.Coordinator.Node.Duty!.Members.Members).Endpoint);
    }

    [Theory]
    [InlineData("wrong secret", "the secret is another one")]
    [InlineData("", "none came with the call")]
    public async Task A_node_with_another_secret_is_refused_and_nobody_repeats_it(string secret, string words)
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        TestNode node = await cluster.StartMemberAsync("a1", cluster.Configuration with { Cluster = new NamingConfiguration("test", new ClusterSecret(secret)) });
        var refused = await Assert.ThrowsAsync<UserException>(() => node.Running.WaitAsync(TestCluster.Patience));
        Assert.Equal(ErrorKind.Usage, refused.Kind);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(TestCluster.Secret, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong secret", refused.Message, StringComparison.Ordinal);
        Assert.Empty(cluster.Coordinator.Lines);
        await (await cluster.StartMemberAsync("a2")).LineAsync("joined");
    }

    [Fact]
    public async Task A_node_of_another_cluster_is_refused()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        TestNode node = await cluster.StartMemberAsync("a1", cluster.Configuration with { Cluster = cluster.Configuration.Cluster with { Name = "other" } });
        var refused = await Assert.ThrowsAsync<UserException>(() => node.Running.WaitAsync(TestCluster.Patience));
        Assert.Equal(ErrorKind.Usage, refused.Kind);
        Assert.Contains("the call is for the cluster 'other', and here is the cluster 'test'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_of_another_version_is_refused()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using var channel = new GrpcChannel(cluster.Coordinator.Node.Endpoint.Uri, GrpcLimits.Default);
        var credentials = new CallCredentials(cluster.Configuration.Cluster, version: "9.9.9");
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => channel.UnaryAsync(ControlMethods.GetStatus, new(), credentials.Metadata));
        Assert.Equal((StatusCode.FailedPrecondition, $"the call is from distbp 9.9.9, and here is distbp {ProductVersion.Current}"), (refused.Status, refused.Detail));
    }

    [Theory]
    [InlineData("", "127.0.0.1:1", 1u, "Worker", "the node's name is none")]
    [InlineData("../x", "127.0.0.1:1", 1u, "Worker", "the node's name is none")]
    [InlineData("a", "nowhere", 1u, "Worker", "'nowhere' is no address")]
    [InlineData("a", "127.0.0.1:0", 1u, "Worker", "is no address")]
    [InlineData("a", "127.0.0.1:1", 0u, "Worker", "0 workers")]
    [InlineData("a", "127.0.0.1:1", 1u, "Unspecified", "no role")]
    [InlineData("a", "127.0.0.1:1", 1u, "Coordinator", "a cluster has one")]
    public async Task A_malformed_introduction_is_refused(string name, string address, uint workers, string role, string words)
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using var channel = new GrpcChannel(cluster.Coordinator.Node.Endpoint.Uri, GrpcLimits.Default);
        using ClientCall<Heartbeat, ClusterNews> call = channel.Call(ControlMethods.Join, new CallCredentials(cluster.Configuration.Cluster).Metadata);
        await call.WriteAsync(new Heartbeat { Introduction = new Introduction { Name = name, Address = address, Workers = workers, Roles = { Enum.Parse<NodeRole>(role) } } });
        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await call.ReadAsync());
        Assert.Equal(StatusCode.InvalidArgument, refused.Status);
        Assert.Contains(words, refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_joins_a_coordinator_that_starts_later_and_one_that_comes_back()
    {
        int port;
        ClusterConfiguration configuration;
        TestNode a;
        await using TestCluster first = await TestCluster.StartAsync();
        (port, configuration) = (first.Coordinator.Node.Endpoint.Port, first.Configuration);
        await first.Coordinator.DisposeAsync();
        a = await first.StartMemberAsync("a1");
        await Task.Delay(100);
        TestNode second = await TestNode.StartAsync(CoordinatorAt(configuration, port), first.Runner);
        await a.LineAsync("joined");
        await second.DisposeAsync();
        await a.LineAsync("is lost");
        await using TestNode third = await TestNode.StartAsync(CoordinatorAt(configuration, port), first.Runner);
        await a.LineAsync("joined");
        await third.LineAsync("a1");
        Assert.Equal([2L, 3L], a.Admissions.Select(admission => admission.Term));
        Assert.Equal(a.Admissions.First().Incarnation, a.Admissions.Last().Incarnation);
        Assert.Equal(a.Admissions.Last().Incarnation, third.Node.Duty!.Members.Members.Single().Incarnation);
    }

    [Fact]
    public async Task A_node_that_cannot_reach_its_coordinator_gives_up_within_bounds_and_names_it()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        await cluster.Coordinator.DisposeAsync();
        var impatient = new FailureDetectorConfiguration(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100));
        TestNode node = await cluster.StartMemberAsync("a1", cluster.Configuration with { FailureDetector = impatient });
        var failed = await Assert.ThrowsAsync<UserException>(() => node.Running.WaitAsync(TestCluster.Patience));
        Assert.Equal(ErrorKind.Cluster, failed.Kind);
        Assert.Contains($"waited 1.5 s for the coordinator at {cluster.Coordinator.Node.Endpoint}", failed.Message, StringComparison.Ordinal);
        Assert.Contains("node a1", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_waits_for_its_coordinator_can_be_told_to_go()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        await cluster.Coordinator.DisposeAsync();
        TestNode node = await cluster.StartMemberAsync("a1");
        await Task.Delay(100);
        await node.LeaveAsync();
    }

    [Fact]
    public async Task Many_nodes_come_and_go()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        TestNode[] nodes = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => cluster.StartMemberAsync($"m{i:00}")));
        await cluster.Coordinator.LineAsync("20 members");
        await Task.WhenAll(nodes.Take(10).Select(n => n.LeaveAsync()));
        foreach (TestNode node in nodes.Skip(10).Take(5)) await node.DisposeAsync();
        await cluster.Coordinator.LineAsync("; 5 members");
        Assert.Equal(["m15", "m16", "m17", "m18", "m19"], cluster.Coordinator.Node.Duty!.Members.Members.Select(m => m.Name));
    }

    private static ClusterConfiguration CoordinatorAt(ClusterConfiguration c, int port) =>
        c with { Node = c.Node with { Name = "c0", Roles = NodeRoles.Coordinator, Listen = new NodeAddress("127.0.0.1", port) } };
}
