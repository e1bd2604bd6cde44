using DistBp.Cluster.Actors;
using DistBp.Cluster.Rendezvous;
using DistBp.Learning.Data;

namespace DistBp.Cluster.Runs;

/// <summary>What a run that is part of something greater (a trial, a fold, a range test) does otherwise than a run by itself.</summary>
internal sealed record SessionVariant
{
    public static readonly SessionVariant Training = new();

    /// <summary>The data, read already; null: read as the job says. A run only reads them: several may share them.</summary>
    public TrainingData? Data { get; init; }

    /// <summary>False for runs that are started anew when they are interrupted.</summary>
    public bool WritesCheckpoints { get; init; } = true;

    /// <summary>Where the actors are; null: in this process.</summary>
    public Func<SessionParts, IRunCluster>? Cluster { get; init; }

    /// <summary>Whether another coordinator may go on with the run.</summary>
    public bool OutlivesCoordinator { get; init; }

    /// <summary>Whether members may be at work already, under an earlier coordinator: they prove what was done, and not the newest checkpoint.</summary>
    public bool TakesOver { get; init; }

    /// <summary>
    /// Whether the process that had the run before may only stand still, and wake: then it finds its hand on files that nobody reads any more. Only where it
    /// is certain that it is no coordinator any more.
    /// </summary>
    public bool FencesFolder { get; init; }

    /// <summary>Whether the run is this process's still, by the clock. Where it is not, nothing more is written to the run's folder.</summary>
    public Func<bool> IsHeld { get; init; } = () => true;

    /// <summary>When the run began, under an earlier coordinator; null: with this session.</summary>
    public DateTimeOffset? Began { get; init; }

    /// <summary>How often the run has gone on before; null: as its folder tells.</summary>
    public int? Restarts { get; init; }

    /// <summary>Asked at each epoch's end: true ends the run there, as early stopping does.</summary>
    public Func<EpochFigures, bool>? EndsAfter { get; init; }

    /// <exception cref="ReignEndedException">It is not.</exception>
    public void RequireHeld()
    {
        if (!IsHeld()) throw new ReignEndedException("the run is another coordinator's, or may be");
    }
}
