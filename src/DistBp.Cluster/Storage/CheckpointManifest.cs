using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>A file of a checkpoint, by its name in the checkpoint's folder.</summary>
public sealed record CheckpointFile(string Name, FileDigest Digest);

/// <summary>The range of trained parameters whose optimizer state a file holds.</summary>
public sealed record OptimizerFile(string Name, int Offset, int Length)
{
    public int End => Offset + Length;
}

/// <summary>What error feedback has left over of a subtree of slices.</summary>
/// <param name="Samples">In the mini-batch of the step that left it.</param>
public sealed record ResidualFile(string Name, Subtree Subtree, int Samples);

/// <summary>A parameter's name and shape as the checkpoint's writer had them.</summary>
public sealed record CheckpointParameter(string Name, string Shape, bool Trained);

/// <summary>The contents of manifest.json, which is written last and vouches for every other file.</summary>
public sealed record CheckpointManifest
{
    public const int CurrentVersion = 1;
    public const string FileName = "manifest.json";
    public const string ParametersFileName = "parameters.safetensors";
    public const string ResidualTensor = "residual";
    public const string BestFileName = "best.safetensors";

    public required CheckpointPosition Position { get; init; }

    public required string JobHash { get; init; }

    public required int Seed { get; init; }

    public required int Slices { get; init; }

    public required int Batch { get; init; }

    /// <summary>In the order of the flat buffer.</summary>
    public required IReadOnlyList<CheckpointParameter> Parameters { get; init; }

    public required string OptimizerKind { get; init; }

    public required IReadOnlyList<string> OptimizerStates { get; init; }

    /// <summary>By offset.</summary>
    public required IReadOnlyList<OptimizerFile> OptimizerFiles { get; init; }

    /// <summary>By subtree; empty where the encoding of gradients keeps no residuals, and in checkpoints of versions that had none.</summary>
    public IReadOnlyList<ResidualFile> ResidualFiles { get; init; } = [];

    public required IReadOnlyDictionary<string, double> Coordinator { get; init; }

    public required IReadOnlyList<CheckpointFile> Files { get; init; }

    public bool HasBest => Files.Any(f => f.Name == BestFileName);

    public static string OptimizerFileName(int index, int count) => $"optimizer-{index:D5}-of-{count:D5}.safetensors";

    public static string ResidualFileName(int index, int count) => $"residuals-{index:D5}-of-{count:D5}.safetensors";
}
