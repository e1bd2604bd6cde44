using System.Globalization;
using DistBp.Learning;
using DistBp.Learning.Encodings;

namespace DistBp.Cluster.Storage;

/// <summary>Writes the files of a checkpoint into a folder, each flushed to the disk, the manifest last.</summary>
internal static class CheckpointDraft
{
    public static CheckpointManifest Write(string folder, CheckpointContent content)
    {
        RequireConsistent(content);
        Directory.CreateDirectory(folder);
        ParameterLayout layout = content.Identity.Layout;
        var metadata = new Dictionary<string, string> { ["step"] = content.Position.Step.ToString(CultureInfo.InvariantCulture) };
        var files = new List<CheckpointFile>
        {
            Create(folder, CheckpointManifest.ParametersFileName, s => ParameterFile.Write(s, layout, content.Parameters, metadata)),
        };
        var shards = new List<OptimizerFile>();
        OptimizerShard[] ordered = [.. content.Optimizer.OrderBy(s => s.Offset)];
        // An optimizer without state (plain sgd) has nothing to write.
        for (int i = 0; i < ordered.Length && content.Identity.OptimizerStates.Count > 0; i++)
        {
            OptimizerShard shard = ordered[i];
            string name = CheckpointManifest.OptimizerFileName(i, ordered.Length);
            files.Add(Create(folder, name, s => WriteShard(s, content.Identity.OptimizerStates, shard)));
            shards.Add(new OptimizerFile(name, shard.Offset, shard.Length));
        }
        if (!content.Best.IsEmpty)
            files.Add(Create(folder, CheckpointManifest.BestFileName, s => ParameterFile.Write(s, layout, content.Best, null)));
        List<ResidualFile> residuals = WriteResiduals(folder, content, files);
        CheckpointManifest manifest = Describe(content, shards, residuals, files);
        Create(folder, CheckpointManifest.FileName, stream => WriteManifest(stream, manifest));
        DurableFolder.Flush(folder);
        return manifest;
    }

    /// <summary>Of the tensors; headers and manifest add a few kilobytes.</summary>
    public static long BytesNeeded(CheckpointContent content) => sizeof(float) *
        ((long)content.Parameters.Length + content.Best.Length + content.Optimizer.Sum(s => (long)s.Length * s.States.Count)
            + content.Residuals.Sum(r => (long)r.Values.Length));

    private static CheckpointFile Create(string folder, string name, Func<Stream, FileDigest> write) =>
        new(name, DurableFile.Create(Path.Combine(folder, name), write));

    private static FileDigest WriteManifest(Stream stream, CheckpointManifest manifest)
    {
        using var writer = new DigestingWriter(stream);
        writer.Write(CheckpointManifestWriter.Serialize(manifest));
        return writer.Finish();
    }

    private static FileDigest WriteShard(Stream stream, IReadOnlyList<string> names, OptimizerShard shard)
    {
        var shape = new TensorShape(shard.Length);
        var metadata = new Dictionary<string, string> { ["offset"] = shard.Offset.ToString(CultureInfo.InvariantCulture) };
        return SafetensorsWriter.Write(stream, names.Select((name, i) => new SafetensorsTensor(name, shape, shard.States[i])), metadata);
    }

    private static List<ResidualFile> WriteResiduals(string folder, CheckpointContent content, List<CheckpointFile> files)
    {
        var residuals = new List<ResidualFile>();
        foreach ((int i, SubtreeResidual residual) in content.Residuals.Index())
        {
            string name = CheckpointManifest.ResidualFileName(i, content.Residuals.Count);
            var tensor = new SafetensorsTensor(CheckpointManifest.ResidualTensor, new TensorShape(residual.Values.Length), residual.Values);
            files.Add(Create(folder, name, s => SafetensorsWriter.Write(s, [tensor], null)));
            residuals.Add(new ResidualFile(name, residual.Subtree, residual.Samples));
        }
        return residuals;
    }

    private static CheckpointManifest Describe(
        CheckpointContent content, List<OptimizerFile> shards, List<ResidualFile> residuals, List<CheckpointFile> files) => new()
    {
        Position = content.Position,
        JobHash = content.Identity.JobHash,
        Seed = content.Identity.Seed,
        Slices = content.Identity.Slices,
        Batch = content.Identity.Batch,
        Parameters = [.. content.Identity.Layout.Views.Select(v => new CheckpointParameter(v.Name, v.Shape.ToString(), v.Trained))],
        OptimizerKind = content.Identity.OptimizerKind,
        OptimizerStates = content.Identity.OptimizerStates,
        OptimizerFiles = shards,
        ResidualFiles = residuals,
        Coordinator = content.Coordinator,
        Files = files,
    };

    private static void RequireConsistent(CheckpointContent content)
    {
        int next = 0;
        foreach (OptimizerShard shard in content.Optimizer.OrderBy(s => s.Offset))
        {
            if (shard.Offset != next) throw new ArgumentException($"A shard begins at {shard.Offset}, the one before ends at {next}.", nameof(content));
            if (shard.States.Count != content.Identity.OptimizerStates.Count || shard.States.Any(s => s.Length != shard.Length))
                throw new ArgumentException($"The shard at {shard.Offset} has not {content.Identity.OptimizerStates.Count} states of {shard.Length}.", nameof(content));
            next += shard.Length;
        }
        int trained = content.Identity.Layout.TrainedCount;
        if (content.Identity.OptimizerStates.Count > 0 && next != trained)
            throw new ArgumentException($"The shards cover {next} of {trained} trained parameters.", nameof(content));
    }
}
