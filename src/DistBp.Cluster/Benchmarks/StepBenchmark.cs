using DistBp.Cluster.Actors;
using DistBp.Cluster.Configuration;
using DistBp.Learning;
using DistBp.Learning.Benchmarks;
using DistBp.Learning.Data;
using DistBp.Protocol;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Benchmarks;

/// <summary>Training steps of whole jobs, by the same actors as in a run: no evaluation, no checkpoints, no files.</summary>
public static class StepBenchmark
{
    private static readonly (int Batch, int Workers)[] s_cases = [(64, 1), (256, 1), (1024, 1), (64, 2), (256, 2), (1024, 2)];

    public static async IAsyncEnumerable<StepRate> RunAsync()
    {
        BenchmarkData? data = null;
        foreach ((int batch, int workers) in s_cases)
        {
            JobDescription job = BenchmarkJob.Mlp(batch);
            data ??= BenchmarkData.Load(job);
            yield return await MeasureAsync(job, data, workers).ConfigureAwait(false);
        }
    }

    internal static async Task<StepRate> MeasureAsync(JobDescription job, BenchmarkData data, int workers)
    {
        Dataset train = data.Train;
        var target = new TargetDescription(job.Target, train.TargetShape, BenchmarkJob.Classes);
        Network network = Network.Build(job.Model, train.SampleShape, target, job.Loss);
        var memory = new TrainingMemory(job, network, new Dictionary<DataPart, Dataset> { [DataPart.Train] = train });
        network.InitializeParameters(job.Seed, memory.Parameters.Span);
        var plan = new TrainingPlan
        {
            Slices = job.Slices,
            UpdatedCount = network.Parameters.UpdatedCount,
            StepsPerEpoch = memory.Geometry.StepsPerEpoch,
            Epochs = job.Epochs,
            StartProgress = TrainingProgress.Start(network.Metrics.Count),
            Metrics = network.Metrics,
            EvaluationSamples = new Dictionary<DataPart, int>(),
            FinalParts = [],
            WritesCheckpoints = false,
            // All stand still while the meter counts what was allocated, and phases begin anew.
            JudgesEpochs = true,
        };
        var meter = new StepMeter(memory);
        var cluster = new LocalCluster(memory, plan, meter, workers, servers: workers);
        await using (cluster.ConfigureAwait(false)) await cluster.RunAsync(CancellationToken.None).ConfigureAwait(false);
        return Rate(memory, data, meter, workers);
    }

    private static StepRate Rate(TrainingMemory memory, BenchmarkData data, StepMeter meter, int workers)
    {
        JobDescription job = memory.Job;
        int threads = LocalCluster.ThreadCount(workers), updated = memory.Network.Parameters.UpdatedCount;
        long steps = (long)(job.Epochs - 1) * memory.Geometry.StepsPerEpoch, floatsOut = updated * (long)sizeof(float);
        var assignment = Assignment.OfCounts(new Generation(1, 1), workers, workers, job.Slices, updated);
        int contributions = Enumerable.Range(0, workers).Sum(worker => assignment.Subtrees(worker).Count);
        return new StepRate(
            job.Name, data.Name, memory.Network.Parameters.Count, job.Batch, job.Slices, workers, threads, meter.Clock.BestSamplesPerSecond,
            meter.SteppingTime.TotalMicroseconds / steps,
            StepPhases.Stop().ToDictionary(phase => phase.Key, phase => phase.Value.TotalMicroseconds / threads / steps),
            floatsOut * (contributions + 1), floatsOut * (2 * memory.Optimizer.StateCount + 3), (double)meter.AllocatedBytes / steps);
    }
}
