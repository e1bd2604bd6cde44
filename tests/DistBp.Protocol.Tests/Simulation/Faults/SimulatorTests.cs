using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using DistBp.Learning.Data;
using DistBp.Learning.Metrics;
using DistBp.Protocol.Consistency;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;
using Xunit.Abstractions;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>
/// Every seed is a cluster, a job and a sequence of faults of all kinds. More of them than by default: DISTBP_SEEDS=20000 (or FIRST..LAST) dotnet test -c Release
/// tests/DistBp.Protocol.Tests --filter Seeds. What happens in one seed: DISTBP_SEEDS=22..22 DISTBP_TRACE=FILE.
/// </summary>
public sealed class SimulatorTests(ITestOutputHelper output)
{
    private const int DefaultSeeds = 1000;

    /// <summary>Faults end here; what follows is time enough for every wait in the protocol.</summary>
    private const double FaultsUntil = 5000, Limit = FaultsUntil + 120_000;

    private static readonly Dictionary<int, Lazy<SimulatedCluster>> s_references =
        Enumerable.Range(0, 6).ToDictionary(kind => kind, kind => new Lazy<SimulatedCluster>(() => Undisturbed(Plan(kind))));

    /// <param name="kind">Members stop at the ends of epochs for 0 to 2, and step on through them for 3 to 5.</param>
    private static TrainingPlan Plan(int kind) => new()
    {
        Slices = ToyProblem.Slices,
        UpdatedCount = ToyProblem.Layout.UpdatedCount,
        StepsPerEpoch = 5,
        Epochs = 4,
        Metrics = new MetricSet(TargetKind.Classes, 2),
        StartProgress = TrainingProgress.Start(3),
        EvaluationSamples = kind < 3
            ? new Dictionary<DataPart, int> { [DataPart.Validation] = 700, [DataPart.Test] = 300 }
            : new Dictionary<DataPart, int> { [DataPart.Test] = 300 },
        FinalParts = [DataPart.Test],
        // Never at the end of an epoch but the last one; never; at the end of every other epoch.
        CheckpointEverySteps = kind switch { 4 => 0, 5 => 10, _ => 7 },
        OutlivesCoordinator = true,
        EarlyStopping = kind switch
        {
            1 => new EarlyStopping(DataPart.Validation, false, 1, 0, true),
            // The first epoch is the best one: its parameters must outlast all that happens until they come back.
            2 => new EarlyStopping(DataPart.Validation, false, 2, 1e30, true),
            _ => null,
        },
    };

    private static SimulatedCluster Undisturbed(TrainingPlan plan)
    {
        var cluster = new SimulatedCluster(plan, 0, NetworkQuality.Good);
        cluster.Start(1, 1, standby: false);
        cluster.Run(Limit);
        Assert.NotNull(cluster.Outcome);
        return cluster;
    }

    /// <param name="lanes">Null: drawn.</param>
    private static SimulatedCluster Run(int seed, NetworkLanes? lanes = null)
    {
        var random = new Random(seed);
        int kind = random.Next(8) switch { 0 => 1, 1 => 2, _ => 0 };
        TrainingPlan plan = Plan(kind) with { Replication = random.Next(3) };
        bool paced = random.Next(12) == 0;
        // Of their own, as below.
        if (!paced && kind == 0)
        {
            kind = (seed % 10) switch { 0 => 3, 1 or 9 => 4, 5 => 5, _ => 0 };
            plan = Plan(kind) with { Replication = plan.Replication };
        }
        if (paced) plan = plan with { Replication = 0, EarlyStopping = null, Consistency = new SspMode(2) };
        var quality = new NetworkQuality(0.3 + random.NextDouble(), random.Next(3) * 0.01, 40, random.Next(3) * 0.02)
        {
            // Of its own: what a seed draws beside is what it has always been.
            Lanes = lanes ?? (NetworkLanes)new Random(seed + 2_000_003).Next(3),
        };
        var cluster = new SimulatedCluster(plan, seed, quality);
        cluster.Start(1 + random.Next(4), 1 + random.Next(4), standby: random.Next(2) == 0);
        new FaultSchedule(cluster, random).Plan(FaultsUntil, 150 + 1200 * random.NextDouble());
        if (Environment.GetEnvironmentVariable("DISTBP_TRACE") is { } file)
        {
            File.Delete(file);
            using StreamWriter trace = File.CreateText(file);
            cluster.Trace = trace.WriteLine;
            cluster.Run(Limit);
        }
        cluster.Run(Limit);
        Assert.True(cluster.Outcome is not null, $"no end: {cluster.Describe()}");
        if (paced) RequireStaleness(cluster, 2);
        else RequireReference(cluster, s_references[kind].Value);
        return cluster;
    }

    private static void RequireStaleness(SimulatedCluster cluster, long bound)
    {
        Assert.Equal(RunStatus.Completed, cluster.Outcome!.Status);
        Assert.InRange(cluster.MaxStaleness, 0, bound);
    }

    private static void RequireReference(SimulatedCluster cluster, SimulatedCluster reference)
    {
        Assert.Equal(reference.Outcome!.Status, cluster.Outcome!.Status);
        Assert.True(reference.Parameters.AsSpan().SequenceEqual(cluster.Parameters), $"other bits: {cluster.Describe()}");
        Assert.Equal(reference.Outcome.TrainSums, cluster.Outcome.TrainSums);
        Assert.Equal(reference.Outcome.ValidationSums, cluster.Outcome.ValidationSums);
        Assert.Equal(reference.Outcome.FinalSums[DataPart.Test], cluster.Outcome.FinalSums[DataPart.Test]);
        Assert.Equal((reference.Outcome.Epochs, reference.Outcome.ClippedSteps), (cluster.Outcome.Epochs, cluster.Outcome.ClippedSteps));
        // Every epoch once.
        Assert.Equal(reference.Disk.Epochs.Select(e => e.Epoch), cluster.Disk.Epochs.Select(e => e.Epoch));
        foreach ((ReportEpoch expected, ReportEpoch told) in reference.Disk.Epochs.Zip(cluster.Disk.Epochs))
        {
            Assert.Equal(expected.TrainSums, told.TrainSums);
            Assert.Equal(expected.ValidationSums, told.ValidationSums);
        }
        // Every step once, and in each step every slice once.
        Assert.Equal(reference.Disk.Ledger.Select(s => s.Step), cluster.Disk.Ledger.Select(s => s.Step));
        foreach (ReportStep step in cluster.Disk.Ledger)
            Assert.Equal(Enumerable.Range(0, ToyProblem.Slices), step.Contributions.ToArray().SelectMany(c => Enumerable.Range(c.Subtree.First, c.Subtree.Count)));
    }

    [Theory]
    [InlineData("""
        cluster of 3 nodes, replication 1
        at 300 kill n2
        expect lost 0, reigns 1
        """)]
    [InlineData("""
        cluster of 4 nodes, replication 2
        at 300 kill n2
        at 301 kill n3
        expect lost 0, reigns 1
        """)]
    [InlineData("""
        cluster of 3 nodes, replication 1
        at 250 kill n2, back after 400
        at 3500 kill n3
        expect lost 0
        """)]
    [InlineData("""
        cluster of 3 nodes
        at 300 kill the coordinator, back after 200
        expect lost 0, reigns 2
        """)]
    [InlineData("""
        cluster of 3 nodes, replication 1
        at 300 kill the coordinator, back after 200
        at 320 kill n1
        expect lost 0, reigns 2
        """)]
    [InlineData("""
        cluster of 3 nodes, replication 1, a standby
        at 300 freeze the coordinator for 9000
        expect lost 0, reigns 2
        """)]
    // It wakes up while another one reigns, reads of n3 first, and assigns anew what no disk refuses, before it looks at its lease.
    [InlineData("""
        cluster of 3 nodes, a standby
        at 300 freeze the coordinator for 6710
        at 310 kill n3
        expect reigns 2
        """)]
    [InlineData("""
        cluster of 3 nodes, replication 1
        at 300 freeze n1 for 4000
        expect lost 0, reigns 1
        """)]
    [InlineData("""
        cluster of 3 nodes, replication 1
        at 300 cut n1 from the coordinator for 5000, one way
        expect lost 0, reigns 1
        """)]
    [InlineData("""
        cluster of 3 nodes
        at 200 n4 joins
        at 400 n1 leaves
        at 450 kill the coordinator, back after 100
        at 500 n2 leaves
        expect lost 0
        """)]
    // Copies are filled while members step: who dies meanwhile?
    // The owner, whose copy lacks something: all go back.
    [InlineData("""
        cluster of 3 nodes, replication 1, slow copies
        at 300 kill n2
        at 400 kill n3
        expect lost some, reigns 1
        """)]
    // The owner, and there is another copy, which is whole.
    [InlineData("""
        cluster of 4 nodes, replication 2, slow copies
        at 300 kill n2
        at 400 kill n3
        expect lost 0, reigns 1
        """)]
    // The owner, when its copy is whole.
    [InlineData("""
        cluster of 3 nodes, replication 1, slow copies
        at 300 kill n2
        at 1000 kill n3
        expect lost 0, reigns 1
        """)]
    // One who joined, before it has its copy.
    [InlineData("""
        cluster of 2 nodes, replication 1, slow copies
        at 300 n3 joins
        at 450 kill n3
        expect lost 0, reigns 1
        """)]
    // The coordinator, and the next one hears which copies are whole.
    [InlineData("""
        cluster of 3 nodes, replication 1, slow copies
        at 300 kill n2
        at 400 kill the coordinator, back after 100
        expect lost 0, reigns 2
        """)]
    [InlineData("""
        cluster of 3 nodes, replication 1, slow copies
        at 300 kill n2
        at 400 kill the coordinator, back after 100
        at 410 kill n3
        expect lost some, reigns 2
        """)]
    // Nobody; others come meanwhile, and one goes.
    [InlineData("""
        cluster of 3 nodes, replication 1, slow copies
        at 300 kill n2
        at 400 n4 joins
        at 550 n5 joins
        at 700 n1 leaves
        expect lost 0, reigns 1
        """)]
    public void A_story_ends_as_it_must(string story) =>
        RequireReference(Story.Play(story, Plan(0), Limit), s_references[0].Value);

    /// <summary>Whether members stop for it or not.</summary>
    [Fact]
    public void An_epoch_is_told_of_with_the_same_sums_by_every_reference()
    {
        SimulatedCluster stops = s_references[0].Value;
        Assert.Equal([1, 2, 3, 4], stops.Disk.Epochs.Select(e => e.Epoch));
        for (int kind = 3; kind <= 5; kind++)
        {
            SimulatedCluster stepsOn = s_references[kind].Value;
            Assert.Equal(stops.Parameters, stepsOn.Parameters);
            Assert.Equal(stops.Disk.Epochs.Select(e => e.Epoch), stepsOn.Disk.Epochs.Select(e => e.Epoch));
            foreach ((ReportEpoch one, ReportEpoch other) in stops.Disk.Epochs.Zip(stepsOn.Disk.Epochs)) Assert.Equal(one.TrainSums, other.TrainSums);
        }
    }

    /// <summary>Epochs of five steps, some 40 ms each, at whose ends nothing is to be done.</summary>
    [Theory]
    // Away for two epochs and more.
    [InlineData(4, """
        cluster of 3 nodes
        at 150 kill the coordinator, back after 500
        expect lost 0, reigns 2, steps alone 11
        """)]
    // Twice, and the reporter of steps is gone with it.
    [InlineData(4, """
        cluster of 4 nodes, replication 2
        at 150 kill the coordinator, back after 200
        at 250 kill n1
        at 3000 kill the coordinator, back after 100
        expect lost 0, reigns 3
        """)]
    // As far as the next checkpoint, beyond an epoch's end.
    [InlineData(3, """
        cluster of 3 nodes, a standby
        at 150 kill the coordinator
        expect lost 0, reigns 2, steps alone 4
        """)]
    // The run is at its end when the next one comes: nothing is left but to tell of it.
    [InlineData(4, """
        cluster of 3 nodes
        at 150 kill the coordinator, back after 1500
        expect lost 0, reigns 2, steps alone 15
        """)]
    // All go back to the beginning, epochs with them, under the next one.
    [InlineData(4, """
        cluster of 3 nodes
        at 150 kill the coordinator, back after 500
        at 600 kill n2
        expect lost some, reigns 2, steps alone 5
        """)]
    public void Members_step_on_through_the_ends_of_epochs_without_a_coordinator(int kind, string story) =>
        RequireReference(Story.Play(story, Plan(kind), Limit), s_references[kind].Value);

    /// <summary>Every moment of an epoch's end that nobody stops at, and of the steps around it.</summary>
    [Theory]
    [InlineData(0, "kill the coordinator, back after 60")]
    [InlineData(1, "kill n1")]
    [InlineData(0, "kill n3")]
    [InlineData(1, "n1 leaves")]
    [InlineData(0, "n4 joins")]
    public void Whatever_happens_around_the_end_of_an_epoch_it_is_told_once_with_its_sums(int replication, string fault)
    {
        for (int kind = 3; kind <= 5; kind++)
        {
            for (int at = 150; at <= 650; at += 6)
            {
                // A coordinator after it goes on from what the one before has made of it.
                foreach (int after in (int[])[3, 30])
                {
                    string story = $"""
                        cluster of 3 nodes, replication {replication}
                        at {at} {fault}
                        at {at + after} kill the coordinator, back after 100
                        """;
                    RequireReference(Story.Play(story, Plan(kind), Limit), s_references[kind].Value);
                }
            }
        }
    }

    /// <summary>Whoever leaves hands its shard over to others, who wait for it: and it may be gone, or stand still for good, at any moment of that.</summary>
    [Theory]
    [InlineData("kill n1", 1)]
    [InlineData("freeze n1 for 1000000", 1)]
    [InlineData("kill n2", 1)]
    [InlineData("freeze n2 for 1000000", 1)]
    [InlineData("kill n1", 0)]
    [InlineData("freeze n1 for 1000000", 0)]
    public void Who_leaves_or_takes_over_may_be_gone_at_any_moment_of_it(string fault, int replication)
    {
        for (int after = 0; after <= 60; after += 3)
        {
            foreach (int joins in (int[])[-20, -3, 0, 3, 10, 25])
            {
                string story = $"""
                    cluster of 3 nodes, replication {replication}
                    at {400 + joins} n4 joins
                    at 400 n1 leaves
                    at {400 + after} {fault}
                    """;
                RequireReference(Story.Play(story, Plan(0), Limit), s_references[0].Value);
            }
        }
    }

    /// <summary>They are with the servers; a coordinator that takes over must have them too before it writes a checkpoint, for the run may go back to that.</summary>
    [Fact]
    public void The_best_epochs_parameters_outlast_a_takeover_and_the_way_back_after_it()
    {
        for (int takeover = 180; takeover <= 400; takeover += 20)
        {
            foreach (int after in (int[])[20, 60, 100, 150, 200, 250, 300])
            {
                string story = $"""
                    cluster of 3 nodes
                    at {takeover} kill the coordinator, back after 100
                    at {takeover + 2500 + after} kill n3
                    """;
                RequireReference(Story.Play(story, Plan(2), Limit), s_references[2].Value);
            }
        }
    }

    [Fact]
    public void Seeds_with_all_faults_end_with_the_reference_bits()
    {
        (int first, int last) = Range();
        var failures = new SortedDictionary<int, string>();
        long events = 0, reigns = 0, lost = 0, began = Stopwatch.GetTimestamp();
        // In their order, so that of a fault that many seeds show nearly the first one is told.
        OrderablePartitioner<int> seeds = Partitioner.Create(Enumerable.Range(first, last + 1 - first), EnumerablePartitionerOptions.NoBuffering);
        Parallel.ForEach(seeds, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, (seed, state) =>
        {
            try
            {
                SimulatedCluster cluster = Run(seed);
                Interlocked.Add(ref events, cluster.Clock.Events);
                Interlocked.Add(ref reigns, cluster.Reigns.Count);
                Interlocked.Add(ref lost, cluster.Outcome!.LostSteps);
            }
#pragma warning disable CA1031 // Whatever a seed ends with is told with its number.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                lock (failures) failures[seed] = failure.ToString();
                if (failures.Count >= 10) state.Stop();
            }
        });
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"seeds {first}..{last}: {events} events, {reigns} reigns, {lost} steps made again; {(last + 1 - first) / seconds:0} seeds a second"));
        Assert.True(failures.Count == 0, $"{failures.Count} seeds failed: {string.Join(", ", failures.Keys)}\n{string.Join("\n\n", failures.Take(3).Select(f => $"seed {f.Key}: {f.Value}"))}");
    }

    /// <param name="lanes">Of <see cref="NetworkLanes"/>.</param>
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void Tensors_and_what_has_none_overtake_each_other_where_each_has_a_lane(int lanes, bool overtake)
    {
        var clock = new VirtualClock();
        var network = new SimulatedNetwork(clock, new Random(1), new NetworkQuality(1, 0.01, 40, 0, (NetworkLanes)lanes));
        var generation = new Generation(1, 1);
        var arrived = new List<int>();
        for (int i = 0; i < 1000; i++)
        {
            int number = i;
            Message message = i % 2 == 0 ? new Suspend(generation) : new HandShard(generation, new ParameterShard(0, 1), default, [], default);
            network.Send("c1#1", "n1#1", message, () => arrived.Add(number), isControl: true);
        }
        while (clock.Advance()) { }
        foreach (int lane in (int[])[0, 1]) Assert.Equal(Enumerable.Range(0, 500).Select(i => (2 * i) + lane), arrived.Where(a => a % 2 == lane));
        Assert.Equal(overtake, !arrived.SequenceEqual(Enumerable.Range(0, 1000)));
    }

    /// <summary>Each has found a fault of the machines that no other one shows so soon.</summary>
    [Theory]
    [InlineData(22)] // A stop point that is told of again, late, ended the steps after it.
    [InlineData(187)] // A copy that was asked for twice was taken for the run's result.
    [InlineData(1798)] // A copy that was asked for twice was taken for the answer that the best parameters are back.
    [InlineData(2893)] // A copy that was asked for again kept a server from the next step's gradients.
    [InlineData(4438)] // Norms were lost with a connection that broke while there was no coordinator.
    [InlineData(17933)] // A member that was given up, and the ledger cut back, came to the next coordinator with later steps.
    [InlineData(24663)] // A copy that was asked for again kept a server from the result's copy.
    [InlineData(28772)] // The same, of one server of three.
    [InlineData(32195)] // The best parameters came back into shards that nobody kept: who took over went on with those of the assignment before.
    public void A_seed_that_once_failed_ends_with_the_reference_bits(int seed)
    {
        foreach (NetworkLanes lanes in Enum.GetValues<NetworkLanes>()) Assert.NotNull(Run(seed, lanes).Outcome);
    }

    /// <summary>DISTBP_SEEDS: how many, or FIRST..LAST.</summary>
    private static (int First, int Last) Range()
    {
        string[] given = (Environment.GetEnvironmentVariable("DISTBP_SEEDS") ?? $"{DefaultSeeds}").Split("..");
        int last = int.Parse(given[^1], CultureInfo.InvariantCulture);
        return (given.Length == 1 ? 1 : int.Parse(given[0], CultureInfo.InvariantCulture), last);
    }
}
