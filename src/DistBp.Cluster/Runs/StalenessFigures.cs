using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Runs;

/// <summary>How many mini-batches the parameters lacked that an epoch's gradients were computed from.</summary>
/// <param name="Mean">Over the gradients that were applied, each worker's once a step.</param>
public readonly record struct StalenessFigures(long Maximum, double Mean);

/// <summary>Of the epoch under way.</summary>
internal sealed class StalenessMeter
{
    private long _maximum;
    private long _sum;
    private long _count;

    public void Add(ReadOnlySpan<Contribution> contributions)
    {
        foreach (Contribution contribution in contributions)
        {
            _maximum = Math.Max(_maximum, contribution.Staleness);
            _sum += contribution.Staleness;
            _count++;
        }
    }

    /// <summary>Of what was added since the last call.</summary>
    public StalenessFigures Take()
    {
        var figures = new StalenessFigures(_maximum, (double)_sum / Math.Max(1, _count));
        _maximum = _sum = _count = 0;
        return figures;
    }
}
