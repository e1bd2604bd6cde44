using DistBp.Learning;
using DistBp.Protocol;

namespace DistBp.Cluster.Hosting;

/// <summary>The three parts of a shard that are sent in different ways, in the order of the flat buffer; each may be empty.</summary>
internal readonly struct ShardSections(ParameterLayout layout, ParameterShard shard)
{
    /// <summary>Trained and dense: rounded, where the job has parameters rounded.</summary>
    public ParameterShard Dense { get; } = shard.Before(layout.DenseTrainedCount);

    /// <summary>In tables of rows.</summary>
    public ParameterShard Tables { get; } = shard.Overlap(new ParameterShard(layout.DenseTrainedCount, layout.TrainedCount - layout.DenseTrainedCount));

    /// <summary>Running statistics.</summary>
    public ParameterShard Rest { get; } = shard.Overlap(new ParameterShard(layout.TrainedCount, layout.Count - layout.TrainedCount));
}
