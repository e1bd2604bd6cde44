using System.Diagnostics;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Tests.Runs;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;
using Xunit.Abstractions;

namespace DistBp.Cluster.Tests.Actors;

/// <summary>Steps of a large table of which a mini-batch touches little, on one thread: two workers, two servers.</summary>
[Collection(AloneCollection.Name)]
public sealed class SparseStepTests(ITestOutputHelper output)
{
    private const int Workers = 2, Servers = 2, Size = 32, Tokens = 8, Batch = 256, Samples = 4 * Batch;

    [Fact]
    public void A_table_of_a_million_rows_costs_no_more_than_its_touched_rows()
    {
        (double small, long smallBytes, int touched) = Measure(10_000);
        (double large, long largeBytes, int touchedOfLarge) = Measure(1_000_000);
        output.WriteLine($"10,000 rows: {small:F0} µs and {smallBytes} bytes a step, {touched} rows touched");
        output.WriteLine($"1,000,000 rows: {large:F0} µs and {largeBytes} bytes a step, {touchedOfLarge} rows touched; time ×{large / small:F2}");
        Assert.InRange(touchedOfLarge, 1800, Batch * Tokens);
        // A few rows go to both servers: each is told their number.
        Assert.InRange(largeBytes - (DenseBytes + touchedOfLarge * (Size + 1) * sizeof(float)), 0, Workers * sizeof(int));
        Assert.True(large < 3 * small, $"a step takes {large:F0} µs, of 10,000 rows {small:F0} µs");
    }

    private static long DenseBytes => Workers * (Tokens * Size * 10 + 10) * sizeof(float);

    private static (double Microseconds, long Bytes, int Touched) Measure(int vocabulary)
    {
        JobDescription job = SmallJobs.Of(
            $"model: {{layers: [{{embedding: {{vocabulary: {vocabulary}, size: {Size}}}}}, {{dense: 10}}]}}\n{SmallJobs.Adam}\nbatch: {Batch}\nslices: 8");
        var target = new TargetDescription(TargetKind.Classes, new TensorShape(), 10);
        Network network = Network.Build(job.Model, new TensorShape(Tokens), target, job.Loss);
        var memory = new TrainingMemory(job, network, new Dictionary<DataPart, Dataset> { [DataPart.Train] = Data(vocabulary) });
        var assignment = new Assignment(new Generation(1, 1), Workers, Servers, job.Slices, network.Parameters.UpdatedCount);
        using var pool = new ComputePool(1, Workers, e => throw new InvalidOperationException("A computation failed.", e));
        GradientComputation[] workers =
            [.. Enumerable.Range(0, Workers).Select(w => new GradientComputation(memory, pool, w, assignment.Generation, assignment.Subtrees(w), _ => { }))];
        ShardState[] shards = [.. Enumerable.Range(0, Servers).Select(s => new ShardState(memory, assignment.Shard(s)))];

        double best = double.PositiveInfinity;
        long bytes = 0;
        int touched = 0;
        for (long step = 0; step < 120; step++)
        {
            long begin = Stopwatch.GetTimestamp();
            foreach (GradientComputation worker in workers)
            {
                worker.Step = step;
                worker.Run();
            }
            PushGradient[][] pushes = [.. shards.Select(shard => workers.Select((worker, index) => new PushGradient(
                worker.Generation, index, step, worker.Gradients[0].Subtree, worker.Gradients[0].Gradient.Cut(shard.Shard.Offset, shard.Shard.End), default)).ToArray())];
            for (int s = 0; s < Servers; s++) shards[s].Combine(new CombineGradients(assignment.Generation, step, pushes[s]));
            var update = new ApplyUpdate(assignment.Generation, step, 1, [.. shards.Select(s => s.Norms)]);
            foreach (ShardState shard in shards) shard.Update(update);
            best = Math.Min(best, Stopwatch.GetElapsedTime(begin).TotalMicroseconds);
            bytes = pushes.Sum(p => p.Sum(push => push.Gradient.ByteCount));
            touched = workers.Sum(worker => worker.Gradients[0].Gradient.Sparse[0].Count);
        }
        return (best, bytes, touched);
    }

    private static Dataset Data(int vocabulary)
    {
        TensorBuffer samples = new(Samples * Tokens), targets = new(Samples);
        var random = new Random(vocabulary);
        foreach (ref float token in samples.Span) token = random.Next(vocabulary);
        foreach (ref float label in targets.Span) label = random.Next(10);
        return new Dataset(Samples, new TensorShape(Tokens), new TensorShape(), samples, targets);
    }
}
