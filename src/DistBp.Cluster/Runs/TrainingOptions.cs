namespace DistBp.Cluster.Runs;

/// <summary>How a job is run, as far as it cannot change the result.</summary>
public sealed record TrainingOptions
{
    /// <summary>Worker actors in this process; 0: one a core.</summary>
    public int Workers { get; init; }

    /// <summary>Server actors in this process; 0: one a worker.</summary>
    public int Servers { get; init; }

    /// <summary>The run's folder; null: runs/&lt;name&gt;-&lt;time&gt; below <see cref="RunsFolder"/>.</summary>
    public string? OutFolder { get; init; }

    public string RunsFolder { get; init; } = "runs";

    /// <summary>Go on from the newest intact checkpoint in <see cref="OutFolder"/>.</summary>
    public bool Resume { get; init; }

    /// <summary>Where events go instead of the run's events.jsonl; "-" is standard output.</summary>
    public string? EventsFile { get; init; }
}
