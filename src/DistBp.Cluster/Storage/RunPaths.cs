namespace DistBp.Cluster.Storage;

/// <summary>Where the files of a run are.</summary>
/// <param name="Folder">The run's folder.</param>
public sealed record RunPaths(string Folder)
{
    /// <summary>The job as it ran, every default filled in.</summary>
    public string Job => Path.Combine(Folder, "job.yaml");

    /// <summary>What preprocessing learned from the training part.</summary>
    public string Preprocessing => Path.Combine(Folder, "preprocessing.json");

    public string Events => Path.Combine(Folder, "events.jsonl");

    /// <summary>What was applied, step by step.</summary>
    public string Ledger => Path.Combine(Folder, "ledger.bin");

    public string Result => Path.Combine(Folder, "result.json");

    public string Checkpoints => Path.Combine(Folder, "checkpoints");

    /// <summary>The final (or best) parameters.</summary>
    public string Parameters => Path.Combine(Folder, "parameters.safetensors");
}
