using System.Collections.Concurrent;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Nodes;
using DistBp.Cluster.Tests.Runs;
using DistBp.Cluster.Wire.Lanes;
using DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Tests.Hosting;

/// <summary>Control words go over lanes, beside the tensors: in no order with them, and where one is lost somebody notices.</summary>
public sealed class CarriedRunTests
{
    [Fact]
    public async Task Calls_and_messages_without_tensors_go_over_the_lanes_and_the_bits_are_the_same()
    {
        var words = new ConcurrentQueue<LaneWord>();
        await using var carrier = new WordCarrier
        {
            Loses = (piece, _) =>
            {
                Assert.False(piece.More);
                foreach (LaneWord word in LaneWords.Parser.ParseFrom(piece.Content).Words) words.Enqueue(word);
                return false;
            },
        };
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "epochs=6", "schedule={constant: {}}");
        await RunAsync(carrier, job, lines: null);
        string[] calls = [.. words.Where(w => w.Call is not null).Select(w => w.Call.Method).Distinct()];
        Assert.Superset(new HashSet<string> { "/distbp.v1.Hosting/Enlist", "/distbp.v1.Hosting/Introduce", "/distbp.v1.Hosting/Dismiss" }, calls.ToHashSet());
        Envelope[] messages = [.. words.Where(w => w.Envelope is not null).Select(w => w.Envelope)];
        Assert.All(messages, m => Assert.Empty(m.Tensors));
        HashSet<Envelope.BodyOneofCase> kinds = [.. messages.Select(m => m.BodyCase)];
        Assert.Superset(
            new HashSet<Envelope.BodyOneofCase>
            {
                Envelope.BodyOneofCase.Assign, Envelope.BodyOneofCase.WorkerReady, Envelope.BodyOneofCase.Proceed, Envelope.BodyOneofCase.StepCommitted,
                Envelope.BodyOneofCase.ServerStopped, Envelope.BodyOneofCase.CaptureShard,
            },
            kinds);
        Assert.DoesNotContain(Envelope.BodyOneofCase.HandShard, kinds);
        Assert.DoesNotContain(Envelope.BodyOneofCase.ShareNorms, kinds);
    }

    [Theory]
    [InlineData(true, "StepCommitted")]
    [InlineData(true, "ServerStopped")]
    [InlineData(false, "Proceed")]
    [InlineData(false, "Evaluate")]
    public async Task A_word_that_is_lost_ends_its_membership_and_costs_no_bit(bool toCoordinator, string kind)
    {
        int met = 0;
        await using var carrier = new WordCarrier
        {
            // The twelfth: when the run is well under way.
            Loses = (piece, goesToCoordinator) => goesToCoordinator == toCoordinator
                && LaneWords.Parser.ParseFrom(piece.Content).Words.Any(w => w.Envelope?.BodyCase.ToString() == kind) && Interlocked.Increment(ref met) == 12,
        };
        var lines = new ConcurrentQueue<string>();
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "epochs=20", "schedule={constant: {}}");
        await RunAsync(carrier, job, lines);
        Assert.True(met >= 12, $"{met} pieces with a word of that kind were sent");
        Assert.Contains(lines, l => l.Contains("control words were lost on the way", StringComparison.Ordinal));
    }

    private static async Task RunAsync(WordCarrier carrier, JobDescription job, ConcurrentQueue<string>? lines)
    {
        await using HostedCluster cluster = await HostedCluster.StartAsync(members: 3, sharedMemory: false, carrier.Of, line => lines?.Enqueue(line));
        using ClusterClient client = cluster.Client();
        while ((await client.StatusAsync()).Members.Count < 3) await Task.Delay(5);
        (string id, _) = await client.SubmitAsync(job);
        using var probe = new RunProbe();
        Task<RunResult> watching = client.WatchAsync(id, [probe], null);
        if (await Task.WhenAny(watching, Task.Delay(TestCluster.Patience)) != watching) Assert.Fail($"the run hangs: {string.Join('\n', lines?.ToArray() ?? [])}");
        Assert.Equal((await TestRun.WholeAsync(job)).Outcome, Outcome.Of(await watching));
    }
}
