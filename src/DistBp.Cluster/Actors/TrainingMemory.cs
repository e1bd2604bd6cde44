using DistBp.Cluster.Configuration;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Optimizers;
using DistBp.Learning.Schedules;

namespace DistBp.Cluster.Actors;

/// <summary>
/// What the actors of one process share: the job's immutable parts, and the ONE flat parameter buffer, in which each server owns its shard
/// and which workers read in place. A server writes a shard only after every gradient of the step is there, that is when no worker reads.
/// </summary>
internal sealed class TrainingMemory(JobDescription job, Network network, TrainingData data, int trainingSamples)
{
    public JobDescription Job => job;

    public Network Network => network;

    public TrainingData Data => data;

    public MiniBatchGeometry Geometry { get; } = new(trainingSamples, job.Batch, job.Slices);

    public TensorBuffer Parameters { get; } = new(network.Parameters.Count);

    public NormSegments Segments { get; } = new(network.Parameters);

    public Optimizer Optimizer { get; } = Optimizer.Create(job.Optimizer);
}
