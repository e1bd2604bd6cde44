namespace DistBp.Cluster.Tuning;

public enum SearchKind
{
    Grid,
    Random,
    Bayesian,
}

/// <summary>What a search over the keys of a job is asked for.</summary>
/// <param name="Job">The job file; null: the embedded job.</param>
/// <param name="Settings">Overrides of the job that every trial has.</param>
/// <param name="Space">The space file.</param>
/// <param name="Metric">"validationLoss", "validationAccuracy", "trainLoss" or "trainAccuracy".</param>
public sealed record TuningOptions(string? Job, IReadOnlyList<string> Settings, string Space, SearchKind Search, string Metric)
{
    /// <summary>0: the whole grid.</summary>
    public int Trials { get; init; }

    /// <summary>Trials at the same time.</summary>
    public int Parallel { get; init; } = 1;

    /// <summary>0: the job's own validation part.</summary>
    public int Folds { get; init; }

    /// <summary>Of the search; null: the job's.</summary>
    public int? Seed { get; init; }

    /// <summary>Workers of each trial; 0: a share of the cores.</summary>
    public int Workers { get; init; }

    /// <summary>Whether bad trials end early.</summary>
    public bool Prunes { get; init; } = true;

    /// <summary>Null: &lt;runs&gt;/tune-&lt;job&gt;-&lt;time&gt;.</summary>
    public string? OutFolder { get; init; }

    public string RunsFolder { get; init; } = "runs";

    /// <summary>Go on with the search in <see cref="OutFolder"/>.</summary>
    public bool Resume { get; init; }
}
