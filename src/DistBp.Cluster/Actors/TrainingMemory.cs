using DistBp.Cluster.Configuration;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Encodings;
using DistBp.Learning.Metrics;
using DistBp.Learning.Optimizers;
using DistBp.Protocol;
using DistBp.Protocol.Consistency;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// What the actors of one process share: the job's immutable parts, and the ONE flat parameter buffer, in which each server owns its shard
/// and which workers read in place. A server writes a shard only after every gradient of the step is there, that is when no worker reads.
/// </summary>
internal sealed class TrainingMemory
{
    private readonly IReadOnlyDictionary<DataPart, Dataset> _parts;

    /// <param name="parts">The data that there is to work on; the training part is missing where a run only evaluates, and where there is no worker.</param>
    /// <param name="trainSamples">Of the training part, where it is elsewhere.</param>
    /// <param name="allocate">Where the memory of gradients and parameters is from; null: this process alone sees it.</param>
    public TrainingMemory(JobDescription job, Network network, IReadOnlyDictionary<DataPart, Dataset> parts, int trainSamples = 0, TensorAllocator? allocate = null)
    {
        Allocate = allocate ?? ((_, lengths) => [.. lengths.Select(l => new TensorBuffer(l))]);
        (Job, Network, _parts) = (job, network, parts);
        Geometry = new MiniBatchGeometry(parts.GetValueOrDefault(DataPart.Train)?.Count ?? trainSamples, job.Batch, job.Slices);
        Parameters = Allocate(Address.Coordinator, [network.Parameters.Count])[0];
        Held = job.Wire.Parameters == ParameterEncoding.F32 ? Parameters : new TensorBuffer(network.Parameters.Count);
        Segments = new NormSegments(network.Parameters);
        bool isLocal = job.Consistency is LocalSgdMode;
        Descent = Descent.OfJob(job, network, Geometry, isLocal ? new SparseArrivals(job.Optimizer, 1) : SparseArrivals.Of(job.Optimizer, job.Wire.Gradients));
        ServerDescent = isLocal ? Descent.Outer(job, network) : Descent;
        EvaluationMetrics = network.Metrics;
        Snapshots = new ShardSnapshots(Parameters, network.Parameters, Optimizer.StateCount);
    }

    public JobDescription Job { get; }

    public Network Network { get; }

    public MiniBatchGeometry Geometry { get; }

    /// <summary>For what other processes of this machine may read.</summary>
    public TensorAllocator Allocate { get; }

    /// <summary>Null: gradients are read where they are, once they are whole.</summary>
    public GradientAheadFactory? SendsAhead { get; set; }

    public TensorBuffer Parameters { get; }

    /// <summary>What the run starts from, or went back to, until servers have it: <see cref="Parameters"/>, but where servers write rounded ones there.</summary>
    public TensorBuffer Held { get; }

    public StepPaceMeter Pace { get; } = new();

    public NormSegments Segments { get; }

    /// <summary>The job's own.</summary>
    public Descent Descent { get; }

    /// <summary>What servers do: <see cref="Descent"/>, or the outer step where workers do that themselves.</summary>
    public Descent ServerDescent { get; }

    /// <summary>Whose state servers keep.</summary>
    public Optimizer Optimizer => ServerDescent.Optimizer;

    public ShardSnapshots Snapshots { get; }

    /// <summary>The network's own, or with a confusion matrix.</summary>
    public MetricSet EvaluationMetrics { get; init; }

    /// <summary>[samples] of the one part that is evaluated, where each sample's score is wanted; else null.</summary>
    public float[]? Scores { get; init; }

    /// <summary>What <see cref="Parameters"/> and the optimizer start from; null: a new run.</summary>
    public Checkpoint? Start { get; set; }

    public IEnumerable<DataPart> Parts => _parts.Keys;

    public Dataset Part(DataPart part) => _parts[part];

    /// <summary>What a server's shard starts from: the parameters that are here, and the checkpoint's optimizer state.</summary>
    public HandShard StartOf(Generation generation, ParameterShard shard)
    {
        ParameterShard trained = shard.Before(Network.Parameters.TrainedCount);
        Memory<float>[] state = Start is null ? [] : [.. Enumerable.Range(0, Optimizer.StateCount).Select(_ => new float[trained.Count])];
        Start?.LoadOptimizer(trained.Offset, trained.Count, state);
        return new HandShard(
            generation, shard, Held.Memory.Slice(shard.Offset, shard.Count), [.. state.Select(s => (ReadOnlyMemory<float>)s)], Snapshots.BestOf(shard));
    }

    /// <summary>What the checkpoint has of residuals that belong to these subtrees of a worker; empty where the run begins.</summary>
    public IReadOnlyList<SubtreeResidual> StartResiduals(IReadOnlyList<Subtree> subtrees) => Start is null ? []
        : [.. Start.LoadResiduals(r => WorkerResiduals.OwnerOf(r, subtrees) >= 0, Network.Parameters.DenseTrainedCount)];

    /// <summary>Whether gradients, updates and activations are measured: the first step, the last of each epoch, and some between.</summary>
    public bool IsSampled(long step) => Job.Consistency is BspMode && Job.Statistics is { EverySteps: > 0 } statistics
        && (step == 0 || (step + 1) % statistics.EverySteps == 0 || (step + 1) % Geometry.StepsPerEpoch == 0);

    /// <summary>In the mini-batch of a step: the last one of an epoch has what is left.</summary>
    public int SamplesOfStep(long step) => Geometry.StepRange((int)(step % Geometry.StepsPerEpoch)).Count;

    /// <summary>Samples of a step that were applied.</summary>
    public int SamplesOfStep(long step, IReadOnlyList<PushGradient> contributions)
    {
        if (Job.Consistency.IsExact) return SamplesOfStep(step);
        int samples = 0;
        foreach (PushGradient push in contributions) samples += SamplesOfStep(step, push.Subtree);
        return samples;
    }

    public int SamplesOfStep(long step, Subtree slices)
    {
        int stepInEpoch = (int)(step % Geometry.StepsPerEpoch);
        return Geometry.SliceRange(stepInEpoch, slices.End - 1).End - Geometry.SliceRange(stepInEpoch, slices.First).Start;
    }
}
