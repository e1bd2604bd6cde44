using DistBp.Learning.Initialization;

namespace DistBp.Learning.Schedules;

/// <summary>What a <see cref="PlateauState"/> remembers, as numbers for a checkpoint.</summary>
/// <param name="Best">Lowest loss so far; +∞ before the first.</param>
/// <param name="EpochsWithoutImprovement">Since the best, or since the last reduction.</param>
public readonly record struct PlateauSnapshot(int Reductions, double Best, int EpochsWithoutImprovement);

/// <summary>
/// The memory of a plateau schedule: counts how often the loss stood still:
/// <see cref="PlateauSchedule.Patience"/> epochs in a row without an improvement reduce the rate once.
/// (PyTorch's ReduceLROnPlateau waits one epoch more.)
/// </summary>
public sealed class PlateauState
{
    private readonly PlateauSchedule _schedule;
    private readonly double _minFactor;

    /// <param name="baseRate">The optimizer's rate; MinRate is a floor under the product.</param>
    public PlateauState(PlateauSchedule schedule, double baseRate)
    {
        _schedule = schedule;
        _minFactor = baseRate > 0 ? Math.Min(1, schedule.MinRate / baseRate) : 0;
        Snapshot = new PlateauSnapshot(0, double.PositiveInfinity, 0);
    }

    /// <summary>Set to go on from a checkpoint.</summary>
    public PlateauSnapshot Snapshot { get; set; }

    /// <summary>What the rate is multiplied with.</summary>
    public double RateFactor => Math.Max(_minFactor, PortableMath.Power(_schedule.Factor, Snapshot.Reductions));

    /// <summary>Takes the loss of an epoch (a NaN is no improvement). Returns true where the rate was reduced.</summary>
    public bool Observe(double loss)
    {
        PlateauSnapshot now = Snapshot;
        if (loss < now.Best - _schedule.MinDelta)
        {
            Snapshot = now with { Best = loss, EpochsWithoutImprovement = 0 };
            return false;
        }
        bool reduce = now.EpochsWithoutImprovement + 1 >= _schedule.Patience;
        Snapshot = reduce
            ? now with { Reductions = now.Reductions + 1, EpochsWithoutImprovement = 0 }
            : now with { EpochsWithoutImprovement = now.EpochsWithoutImprovement + 1 };
        return reduce;
    }
}
