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

    private static long DenseBytes => Workers * (Tokens * Size * 10 + 10) * sizeof(float);

    /// <summary>By turns and the best of many, so that what else the machine does takes from both.</summary>
    [Fact]
    public void A_table_of_a_million_rows_costs_no_more_than_its_touched_rows()
    {
        var small = new Steps(10_000);
        var large = new Steps(1_000_000);
        for (long step = 0; step < 400; step++)
        {
            small.Run(step);
            large.Run(step);
        }
        foreach (Steps steps in new[] { small, large })
            output.WriteLine($"{steps.Vocabulary} rows: {steps.Best:F0} µs and {steps.Bytes} bytes a step, {steps.Touched} rows touched");
        Assert.InRange(large.Touched, 1800, Batch * Tokens);
        // A few rows go to both servers: each is told their number.
        Assert.InRange(large.Bytes - (DenseBytes + large.Touched * (Size + 1) * sizeof(float)), 0, Workers * sizeof(int));
        Assert.True(large.Best < 3 * small.Best, $"a step takes {large.Best:F0} µs, of 10,000 rows {small.Best:F0} µs");
    }

    private sealed class Steps
    {
        private readonly Assignment _assignment;
        private readonly GradientComputation[] _workers;
        private readonly ShardState[] _shards;

        public Steps(int vocabulary)
        {
            Vocabulary = vocabulary;
            JobDescription job = SmallJobs.Of(
                $"model: {{layers: [{{embedding: {{vocabulary: {vocabulary}, size: {Size}}}}}, {{dense: 10}}]}}\n{SmallJobs.Adam}\nbatch: {Batch}\nslices: 8");
            var target = new TargetDescription(TargetKind.Classes, new TensorShape(), 10);
            Network network = Network.Build(job.Model, new TensorShape(Tokens), target, job.Loss);
            var memory = new TrainingMemory(job, network, new Dictionary<DataPart, Dataset> { [DataPart.Train] = Data(vocabulary) });
            _assignment = Assignment.OfCounts(new Generation(1, 1), Workers, Servers, job.Slices, network.Parameters.UpdatedCount);
            // Nobody gathers ahead: a pool that has ended does not run what it is offered.
            var pool = new ComputePool(1, Workers, e => throw new InvalidOperationException("A computation failed.", e));
            pool.Dispose();
            _workers = [.. Enumerable.Range(0, Workers).Select(w => new GradientComputation(memory, pool, w, _assignment.Generation, _assignment.Subtrees(w), _ => { }))];
            _shards = [.. Enumerable.Range(0, Servers).Select(s => new ShardState(memory, _assignment.Shard(s)))];
        }

        public int Vocabulary { get; }

        /// <summary>In microseconds.</summary>
        public double Best { get; private set; } = double.PositiveInfinity;

        /// <summary>From workers to servers, in the last step.</summary>
        public long Bytes { get; private set; }

        /// <summary>In the last step.</summary>
        public int Touched { get; private set; }

        public void Run(long step)
        {
            long begin = Stopwatch.GetTimestamp();
            foreach (GradientComputation worker in _workers)
            {
                (worker.Step, worker.Until) = (step, step + 1);
                worker.Run();
            }
            CombineGradients[] requests = [.. _shards.Select(shard => new CombineGradients(_assignment.Generation, step, Pushes(shard.Shard, step), true))];
            for (int s = 0; s < Servers; s++) _shards[s].Combine(requests[s]);
            var update = new ApplyUpdate(_assignment.Generation, step, 1, [.. _shards.Select(s => s.Norms)], step);
            foreach (ShardState shard in _shards) shard.Update(update);
            Best = Math.Min(Best, Stopwatch.GetElapsedTime(begin).TotalMicroseconds);
            Bytes = requests.Sum(r => r.Contributions.Sum(push => push.Gradient.ByteCount));
            Touched = _workers.Sum(worker => worker.Gradients[0].Gradient.Sparse[0].Count);
        }

        private PushGradient[] Pushes(ParameterShard shard, long step) =>
        [
            .. _workers.Select((worker, index) => new PushGradient(
                worker.Generation, index, step, worker.Gradients[0].Subtree, worker.Gradients[0].Gradient.Cut(shard.Offset, shard.End), default)),
        ];
    }

    private static MemoryDataset Data(int vocabulary)
    {
        TensorBuffer samples = new(Samples * Tokens), targets = new(Samples);
        var random = new Random(vocabulary);
        foreach (ref float token in samples.Span) token = random.Next(vocabulary);
        foreach (ref float label in targets.Span) label = random.Next(10);
        return new MemoryDataset(Samples, new TensorShape(Tokens), new TensorShape(), samples, targets);
    }
}
