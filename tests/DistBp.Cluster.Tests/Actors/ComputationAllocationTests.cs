using DistBp.Cluster.Actors;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Tests.Runs;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Tests.Actors;

/// <summary>What the compute threads run for a step, on one thread: two workers' gradients, two servers' combination and update.</summary>
[Collection(AloneCollection.Name)]
public sealed class ComputationAllocationTests
{
    private const int Workers = 2, Servers = 2;

    [Theory]
    [InlineData("momentum")]
    [InlineData("rmsprop")]
    [InlineData("adamw")]
    [InlineData("autoencoder")]
    [InlineData("regularized")]
    [InlineData("batchNorm")]
    [InlineData("embedding")]
    [InlineData("adamw", "wire={gradients: int8, parameters: bf16}")]
    [InlineData("batchNorm", "wire={gradients: {topK: 0.01}, parameters: f16}")]
    [InlineData("embedding", "wire.gradients=f16")]
    public void A_thousand_warm_steps_allocate_nothing(string name, params string[] overrides)
    {
        JobDescription job = SmallJobs.Of(SmallJobs.EveryOptimizer[name], overrides);
        TrainingData data = DataLoader.Load(job.Data, job.Target, job.Seed, job.BaseFolder);
        var memory = new TrainingMemory(job, JobNetwork.Build(job, data.Schema), new Dictionary<DataPart, Dataset> { [DataPart.Train] = data.Train });
        memory.Network.InitializeParameters(job.Seed, memory.Parameters.Span);
        var assignment = Assignment.OfCounts(new Generation(1, 1), Workers, Servers, job.Slices, memory.Network.Parameters.UpdatedCount);

        // Its one thread gathers ahead, which a worker's own computation then claims.
        using var pool = new ComputePool(1, Workers, e => throw new InvalidOperationException("A computation failed.", e));
        GradientComputation[] workers =
        [
            .. Enumerable.Range(0, Workers).Select(w => new GradientComputation(
                memory, pool, w, assignment.Generation, assignment.Subtrees(w), _ => { }, Residuals(memory, assignment.Subtrees(w)))),
        ];
        ShardState[] shards = [.. Enumerable.Range(0, Servers).Select(s => new ShardState(memory, assignment.Shard(s)))];
        long allocated = 0;
        for (long step = 0; step < 1200; step++)
        {
            foreach (GradientComputation worker in workers) (worker.Step, worker.Until) = (step, step + 1);
            // The messages are the protocol's, and counted over the whole process by another test.
            long computed = Allocated(() => Compute(workers));
            CombineGradients[] combine = [.. shards.Select(shard => new CombineGradients(assignment.Generation, step, Pushes(workers, shard.Shard), true))];
            long combined = Allocated(() => Combine(shards, combine));
            var update = new ApplyUpdate(assignment.Generation, step, 1, [.. shards.Select(s => s.Norms)], step);
            long updated = Allocated(() => Update(shards, update));
            if (step >= 200) allocated += computed + combined + updated;
        }
        Assert.Equal(0, allocated);
    }

    private static WorkerResiduals? Residuals(TrainingMemory memory, IReadOnlyList<Subtree> subtrees) => memory.Job.Wire.Gradients.KeepsResidual
        ? new WorkerResiduals(memory.Network.Parameters.DenseTrainedCount, subtrees, []) : null;

    private static void Combine(ShardState[] shards, CombineGradients[] requests)
    {
        for (int s = 0; s < shards.Length; s++) shards[s].Combine(requests[s]);
    }

    private static void Compute(GradientComputation[] workers)
    {
        foreach (GradientComputation worker in workers) worker.Run();
    }

    private static void Update(ShardState[] shards, ApplyUpdate request)
    {
        foreach (ShardState shard in shards) shard.Update(request);
    }

    private static long Allocated(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static PushGradient[] Pushes(GradientComputation[] workers, ParameterShard shard) =>
    [
        .. workers.SelectMany((worker, index) => worker.Gradients.Select(gradient => new PushGradient(
            worker.Generation, index, 0, gradient.Subtree, gradient.Gradient.Cut(shard.Offset, shard.End), gradient.Sums))),
    ];
}
