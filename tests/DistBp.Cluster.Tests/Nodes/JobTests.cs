using System.Text.Json;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Nodes.Jobs;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Runs;
using DistBp.Cluster.Tests.Storage;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;
using DistBp.Protocol.Effects;

namespace DistBp.Cluster.Tests.Nodes;

public sealed class JobTests
{
    private static readonly JobDescription Job = JobFile.Embedded([]);

    [Fact]
    public async Task A_watcher_sees_a_run_as_an_observer_in_its_process_would()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using ClusterClient client = cluster.Client();
        (string id, int before) = await client.SubmitAsync(Job);
        Assert.Equal(("digits-1", 0), (id, before));
        await cluster.Runner.BegunAsync();
        using var probe = new RunProbe();
        using var events = new StringWriter();
        Task<RunResult> watching = client.WatchAsync(id, [probe], events);
        cluster.Runner.LetEnd();
        RunResult result = await watching.WaitAsync(TestCluster.Patience);
        Assert.Equal((RunStatus.Completed, "abc", 0.9), (result.Status, result.WeightsSha256, result.TrainAccuracy));
        Assert.Equal(result, probe.Result);
        Assert.Equal((Job.Model, Job.Epochs, 2, 2, 1234, 100L), (probe.Started!.Job.Model, probe.Started.Job.Epochs, probe.Started.Workers,
            probe.Started.Servers, probe.Started.Parameters, probe.Started.TotalSteps));
        Assert.Equal([64], probe.Started.SampleShape.Dimensions.ToArray());
        Assert.Equal((1, 0.5, 0.75, double.NaN, 1000.0, "best so far"), probe.Epochs.Select(e =>
            (e.Epoch, e.Train.Loss, e.Train.Accuracy!.Value, e.Validation!.Loss, e.SamplesPerSecond, e.Note)).Single());
        Assert.Equal(["mind the gap"], probe.Warnings);
        string[] kinds = [.. events.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("event").GetString()!)];
        Assert.Equal(["epoch", "warning", "end"], kinds);
    }

    [Fact]
    public async Task Jobs_run_one_after_the_other_in_their_order()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using ClusterClient client = cluster.Client();
        var ids = new List<string>();
        for (int i = 0; i < 5; i++)
        {
            (string id, int before) = await client.SubmitAsync(Job);
            Assert.Equal(i, before);
            ids.Add(id);
            if (i == 0) await cluster.Runner.BegunAsync();
        }
        Assert.Equal(["digits-1"], cluster.Runner.Ran);
        Assert.False(await client.CancelAsync("digits-3"));
        for (int i = 0; i < 4; i++) cluster.Runner.LetEnd();
        await client.WatchAsync("digits-5", [], null).WaitAsync(TestCluster.Patience);
        Assert.Equal(["digits-1", "digits-2", "digits-4", "digits-5"], cluster.Runner.Ran);
        await Assert.ThrowsAsync<OperationCanceledException>(() => client.WatchAsync("digits-3", [], null));
        ClusterReport report = await client.StatusAsync();
        Assert.Equal(["completed", "completed", "cancelled", "completed"], report.Jobs.Where(j => j.Id != "digits-5").Select(j => j.State));
    }

    [Fact]
    public async Task A_running_job_that_is_cancelled_ends_as_interrupted_and_the_next_one_begins()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using ClusterClient client = cluster.Client();
        await client.SubmitAsync(Job);
        await client.SubmitAsync(Job);
        await cluster.Runner.BegunAsync();
        Assert.True(await client.CancelAsync("digits-1"));
        Assert.Equal(RunStatus.Interrupted, (await client.WatchAsync("digits-1", [], null).WaitAsync(TestCluster.Patience)).Status);
        await cluster.Runner.BegunAsync();
        var ended = await Assert.ThrowsAsync<UserException>(() => client.CancelAsync("digits-1"));
        Assert.Contains("has ended already: interrupted", ended.Message, StringComparison.Ordinal);
        cluster.Runner.LetEnd();
    }

    [Fact]
    public async Task An_error_of_a_run_arrives_as_it_is_and_the_queue_goes_on()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using ClusterClient client = cluster.Client();
        cluster.Runner.Error = new UserException(ErrorKind.Diverged, [new Problem("what", "where", "remedy"), new Problem("x", "y", "z")]);
        await client.SubmitAsync(Job);
        cluster.Runner.LetEnd();
        var failed = await Assert.ThrowsAsync<UserException>(() => client.WatchAsync("digits-1", [], null).WaitAsync(TestCluster.Patience));
        Assert.Equal(ErrorKind.Diverged, failed.Kind);
        Assert.Equal([new Problem("what", "where", "remedy"), new Problem("x", "y", "z")], failed.Problems);

        cluster.Runner.Error = new InvalidOperationException("oops");
        await client.SubmitAsync(Job);
        cluster.Runner.LetEnd();
        var bug = await Assert.ThrowsAsync<RemoteBugException>(() => client.WatchAsync("digits-2", [], null).WaitAsync(TestCluster.Patience));
        Assert.Contains("oops", bug.Message, StringComparison.Ordinal);

        cluster.Runner.Error = null;
        await client.SubmitAsync(Job);
        cluster.Runner.LetEnd();
        await client.WatchAsync("digits-3", [], null).WaitAsync(TestCluster.Patience);
        ClusterReport report = await client.StatusAsync();
        Assert.Contains("a bug in distbp", report.Jobs.Single(j => j.Id == "digits-2").Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_queue_is_bounded()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using ClusterClient client = cluster.Client();
        await client.SubmitAsync(Job);
        await cluster.Runner.BegunAsync();
        for (int i = 0; i < JobQueue.MaxWaiting; i++) await client.SubmitAsync(Job);
        var full = await Assert.ThrowsAsync<UserException>(() => client.SubmitAsync(Job));
        Assert.Contains("the queue is full: 64 jobs wait", full.Message, StringComparison.Ordinal);
        await client.CancelAsync("digits-65");
        await client.SubmitAsync(Job);
    }

    [Fact]
    public async Task Only_the_last_jobs_are_remembered()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using ClusterClient client = cluster.Client();
        for (int i = 1; i <= JobQueue.MaxEnded + 5; i++)
        {
            await client.SubmitAsync(Job);
            cluster.Runner.LetEnd();
            await client.WatchAsync($"digits-{i}", [], null).WaitAsync(TestCluster.Patience);
        }
        await client.SubmitAsync(Job);
        await client.CancelAsync($"digits-{JobQueue.MaxEnded + 6}");
        Assert.True((await client.StatusAsync()).Jobs.Count <= JobQueue.MaxEnded + 1);
        await Assert.ThrowsAsync<UserException>(() => client.WatchAsync("digits-1", [], null));
    }

    [Fact]
    public async Task The_runs_folder_is_fetched_whole_without_what_is_half_written()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using ClusterClient client = cluster.Client();
        await client.SubmitAsync(Job);
        cluster.Runner.LetEnd();
        await client.WatchAsync("digits-1", [], null).WaitAsync(TestCluster.Patience);
        using var here = new TemporaryFolder();
        await client.FetchAsync("digits-1", here.Path, _ => { });
        Assert.Equal(
            ["checkpoints/step-000000007/empty", "checkpoints/step-000000007/parameters.safetensors", "events.jsonl", "job.yaml"],
            Directory.EnumerateFiles(here.Path, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(here.Path, f)).Order(StringComparer.Ordinal));
        Assert.Equal(FakeRunner.Pattern(100_000), File.ReadAllBytes(here["checkpoints/step-000000007/parameters.safetensors"]));
        Assert.Equal(Job.Model, JobFile.Read(here["job.yaml"], []).Model);
    }

    [Theory]
    [InlineData("..", "PermissionDenied")]
    [InlineData("../other", "PermissionDenied")]
    [InlineData("checkpoints/../../x", "PermissionDenied")]
    [InlineData("/etc/passwd", "PermissionDenied")]
    [InlineData("link/passwd", "PermissionDenied")]
    [InlineData("link", "PermissionDenied")]
    [InlineData("nothing", "NotFound")]
    public async Task Nothing_outside_of_the_runs_folder_is_given(string path, string status)
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using ClusterClient client = cluster.Client();
        await client.SubmitAsync(Job);
        await cluster.Runner.BegunAsync();
        Directory.CreateSymbolicLink(Path.Combine(Directory.GetDirectories(cluster.RunsFolder).Single(), "link"), "/etc");
        using var channel = new GrpcChannel(cluster.Coordinator.Node.Endpoint.Uri, GrpcLimits.Default);
        using ClientCall<FileRequest, FilePiece> call = channel.Call(ControlMethods.Fetch, new CallCredentials(cluster.Configuration.Cluster).Metadata);
        await call.WriteLastAsync(new FileRequest { Job = "digits-1", Path = path });
        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await call.ReadAsync());
        Assert.Equal(status, refused.Status.ToString());
        cluster.Runner.LetEnd();
    }

    [Fact]
    public async Task A_job_that_is_wrong_is_refused_with_what_is_wrong()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using var channel = new GrpcChannel(cluster.Coordinator.Node.Endpoint.Uri, GrpcLimits.Default);
        Metadata credentials = new CallCredentials(cluster.Configuration.Cluster).Metadata;
        RpcException wrong = await Assert.ThrowsAsync<RpcException>(() =>
            channel.UnaryAsync(ControlMethods.Submit, new JobSubmission { Job = "batc: 7", BaseFolder = "/" }, credentials));
        Assert.Equal(StatusCode.InvalidArgument, wrong.Status);
        Assert.Contains("did you mean \"batch\"", wrong.Detail, StringComparison.Ordinal);
        wrong = await Assert.ThrowsAsync<RpcException>(() =>
            channel.UnaryAsync(ControlMethods.Submit, new JobSubmission { Job = JobFile.Write(Job), BaseFolder = "here" }, credentials));
        Assert.Contains("'here' is no absolute path", wrong.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_asks_a_node_that_is_no_coordinator_is_told_whom_to_ask()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        TestNode a = await cluster.StartMemberAsync("a1");
        using var client = new ClusterClient(a.Node.Endpoint, cluster.Configuration, meansNamed: true);
        var refused = await Assert.ThrowsAsync<UserException>(() => client.StatusAsync());
        Assert.Contains($"this node is not the coordinator, which is at {cluster.Coordinator.Node.Endpoint}", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<UserException>(() => client.SubmitAsync(Job));
        await Assert.ThrowsAsync<UserException>(() => client.WatchAsync("x", [], null));
    }

    [Fact]
    public async Task A_client_without_the_secret_gets_nothing_and_one_that_names_no_cluster_means_whatever_is_there()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using ClusterClient wrong = cluster.Client(secret: "guess"), other = cluster.Client(name: "other"), right = cluster.Client();
        Assert.Equal(ErrorKind.Usage, (await Assert.ThrowsAsync<UserException>(() => wrong.StatusAsync())).Kind);
        Assert.Contains("here is the cluster 'test'", (await Assert.ThrowsAsync<UserException>(() => other.StatusAsync())).Message, StringComparison.Ordinal);
        Assert.Equal("test", (await right.StatusAsync()).Cluster);
    }

    [Fact]
    public async Task A_cluster_that_is_not_there_is_an_error_of_the_cluster()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using ClusterClient client = cluster.Client();
        await cluster.Coordinator.DisposeAsync();
        var failed = await Assert.ThrowsAsync<UserException>(() => client.StatusAsync());
        Assert.Equal(ErrorKind.Cluster, failed.Kind);
        Assert.Contains(cluster.Coordinator.Node.Endpoint.ToString(), failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watcher_of_a_coordinator_that_dies_and_stays_away_is_told()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(
            detection: new FailureDetectorConfiguration(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(200)));
        using ClusterClient client = cluster.Client();
        await client.SubmitAsync(Job);
        await cluster.Runner.BegunAsync();
        using var probe = new RunProbe();
        var told = new List<string>();
        Task<RunResult> watching = client.WatchAsync("digits-1", [probe], null, told.Add);
        while (probe.Warnings.Count == 0) await Task.Delay(5);
        await cluster.Coordinator.DisposeAsync();
        var failed = await Assert.ThrowsAsync<UserException>(() => watching.WaitAsync(TestCluster.Patience));
        Assert.Equal(ErrorKind.Cluster, failed.Kind);
        Assert.Contains("waited 3 s for the coordinator, to go on watching job digits-1", failed.Message, StringComparison.Ordinal);
        Assert.Contains("waiting up to 3 s for it", Assert.Single(told), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_copies_the_folder_of_a_run_waits_for_a_coordinator_that_is_gone_and_is_told_when_it_stays_away()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(
            detection: new FailureDetectorConfiguration(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(200)));
        using ClusterClient client = cluster.Client();
        await client.SubmitAsync(Job);
        await cluster.Runner.BegunAsync();
        await cluster.Coordinator.DisposeAsync();
        using var here = new TemporaryFolder();
        var told = new List<string>();
        var failed = await Assert.ThrowsAsync<UserException>(() => client.FetchAsync("digits-1", here.Path, told.Add).WaitAsync(TestCluster.Patience));
        Assert.Equal(ErrorKind.Cluster, failed.Kind);
        Assert.Contains("waited 3 s for the coordinator, to go on copying the folder of job digits-1", failed.Message, StringComparison.Ordinal);
        Assert.Contains("waiting up to 3 s for it", Assert.Single(told), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_status_tells_members_job_and_who_is_slow()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        TestNode a = await cluster.StartMemberAsync("a1"), b = await cluster.StartMemberAsync("b1");
        await cluster.Coordinator.LineAsync("2 members");
        using ClusterClient client = cluster.Client();
        await client.SubmitAsync(Job);
        await client.SubmitAsync(Job);
        await cluster.Runner.BegunAsync();
        IClusterMembers members = cluster.Runner.Members!;
        members.ReportStepTime(members.Members[0], TimeSpan.FromMilliseconds(100));
        members.ReportStepTime(members.Members[1], TimeSpan.FromMilliseconds(500));
        ClusterReport report = await client.StatusAsync();
        Assert.Equal(("test", ProductVersion.Current, "c0", cluster.Coordinator.Node.Endpoint.ToString()), (report.Cluster, report.Version, report.Coordinator, report.Address));
        Assert.Equal([("a1", "worker, server", "active", ""), ("b1", "worker, server", "active", "its last step took 500.0 ms, the median is 100.0 ms")],
            report.Members.Select(m => (m.Name, m.RolesText, m.State, m.Slow)));
        Assert.Equal([("digits-1", "running", 7L, 100L, 2, 0.25), ("digits-2", "waiting", 0L, 0L, 0, null)],
            report.Jobs.Select(j => (j.Id, j.State, j.Step, j.TotalSteps, j.Epoch, j.Loss)));
        Assert.StartsWith(cluster.RunsFolder, report.Jobs[0].Folder, StringComparison.Ordinal);
        Assert.All(report.Members, m => Assert.InRange(m.SinceHeard.TotalSeconds, 0, 1.2));
    }

    [Fact]
    public async Task A_coordinator_that_is_told_to_go_interrupts_its_job_first()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        using ClusterClient client = cluster.Client();
        await client.SubmitAsync(Job);
        await cluster.Runner.BegunAsync();
        Task<RunResult> watching = client.WatchAsync("digits-1", [], null);
        await cluster.Coordinator.LeaveAsync();
        Assert.Equal(RunStatus.Interrupted, (await watching.WaitAsync(TestCluster.Patience)).Status);
    }

    [Fact]
    public async Task A_watcher_that_is_far_behind_is_told_what_it_missed()
    {
        var history = new EventHistory();
        string filler = new('x', 1000);
        for (int i = 0; i < 3000; i++) history.Add($"{{\"n\": {i}, \"text\": \"{filler}\"}}");
        history.End(new RunEnd { NeverRan = true });
        List<RunEvent> seen = [];
        await foreach (RunEvent e in history.ReadAsync(0, CancellationToken.None)) seen.Add(e);
        Assert.Equal(3000, (int)seen[0].Missed + seen.Count - 2);
        Assert.InRange(seen.Sum(e => e.CalculateSize()), EventHistory.MaxBytes / 2, EventHistory.MaxBytes + 100);
        Assert.Contains($"\"n\": {seen[0].Missed}", seen[1].Json, StringComparison.Ordinal);
        Assert.Equal(RunEvent.EventOneofCase.End, seen[^1].EventCase);
    }
}
