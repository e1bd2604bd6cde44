using DistBp.Learning;

namespace DistBp.Protocol;

/// <summary>Who computes which slices and who owns which parameters, in one generation. Everybody derives his part from this one record.</summary>
/// <param name="Slices">Slices a step.</param>
/// <param name="UpdatedCount">Floats of the flat range that a step updates.</param>
public sealed record Assignment(Generation Generation, int Workers, int Servers, int Slices, int UpdatedCount)
{
    /// <summary>The shards in the order of the servers: whole blocks, as even as they divide; a server may own nothing.</summary>
    public ParameterShard Shard(int server)
    {
        long blocks = (UpdatedCount + (long)ParameterLayout.BlockLength - 1) / ParameterLayout.BlockLength;
        int first = (int)(blocks * server / Servers), end = (int)(blocks * (server + 1) / Servers);
        int offset = Math.Min(first * ParameterLayout.BlockLength, UpdatedCount);
        return new ParameterShard(offset, Math.Min(end * ParameterLayout.BlockLength, UpdatedCount) - offset);
    }

    /// <summary>The fewest whole subtrees that cover the worker's slices; empty for a worker that there is no slice for.</summary>
    public IReadOnlyList<Subtree> Subtrees(int worker) => Run(Slices, worker);

    /// <summary>Evaluation is shared out like a step: the worker's part of the tree over <paramref name="leaves"/>.</summary>
    public IReadOnlyList<Subtree> EvaluationSubtrees(int worker, int leaves) => Run(leaves, worker);

    private List<Subtree> Run(int leaves, int worker)
    {
        int first = (int)((long)leaves * worker / Workers), end = (int)((long)leaves * (worker + 1) / Workers);
        return first == end ? [] : ReductionTree.Cover(leaves, first, end - first);
    }
}
