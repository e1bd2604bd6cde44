using System.Globalization;
using DistBp.Learning;
using DistBp.Learning.Encodings;

namespace DistBp.Cluster.Storage;

/// <summary>
/// Writes the files of a checkpoint into a folder, several at a time, each flushed to the disk, the manifest last. Tensors go to the files from where they
/// are: so the memory that this takes is a buffer of <see cref="DigestingWriter"/> a writer.
/// </summary>
internal static class CheckpointDraft
{
    /// <summary>Files that are written at once: their flushes go to the disk together. More would take cores from the training beside.</summary>
    private const int MaxWriters = 4;

    public static CheckpointManifest Write(string folder, CheckpointContent content)
    {
        RequireConsistent(content);
        Directory.CreateDirectory(folder);
        List<OptimizerFile> shards = [];
        List<ResidualFile> residuals = [];
        DraftFile[] drafts = [.. ParameterFiles(content), .. ShardFiles(content, shards), .. ResidualFiles(content, residuals)];
        CheckpointManifest manifest = Describe(content, shards, residuals, CreateAll(folder, drafts));
        Create(folder, new DraftFile(CheckpointManifest.FileName, stream => WriteManifest(stream, manifest)));
        DurableFolder.Flush(folder);
        return manifest;
    }

    /// <summary>Of the tensors; headers and manifest add a few kilobytes.</summary>
    public static long BytesNeeded(CheckpointContent content) => sizeof(float) *
        ((long)content.Parameters.Length + content.Best.Length + content.Optimizer.Sum(s => (long)s.Length * s.States.Count)
            + content.Residuals.Sum(r => (long)r.Values.Length));

    /// <summary>On threads of their own, which wait for the disk: those of the pool have the network to serve.</summary>
    private static CheckpointFile[] CreateAll(string folder, DraftFile[] drafts)
    {
        var files = new CheckpointFile[drafts.Length];
        int next = -1;
        Task[] writers = [.. Enumerable.Range(0, Math.Min(MaxWriters, drafts.Length)).Select(_ => Task.Factory.StartNew(
            CreateNext, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        // A disk that is full says so to each writer: the first one tells it all.
        Task.WhenAll(writers).GetAwaiter().GetResult();
        return files;

        void CreateNext()
        {
            for (int i = Interlocked.Increment(ref next); i < drafts.Length; i = Interlocked.Increment(ref next)) files[i] = Create(folder, drafts[i]);
        }
    }

    private static CheckpointFile Create(string folder, DraftFile draft) =>
        new(draft.Name, DurableFile.Create(Path.Combine(folder, draft.Name), draft.Write));

    private static IEnumerable<DraftFile> ParameterFiles(CheckpointContent content)
    {
        ParameterLayout layout = content.Identity.Layout;
        var metadata = new Dictionary<string, string> { ["step"] = content.Position.Step.ToString(CultureInfo.InvariantCulture) };
        yield return new(CheckpointManifest.ParametersFileName, s => ParameterFile.Write(s, layout, content.Parameters, metadata));
        if (!content.Best.IsEmpty) yield return new(CheckpointManifest.BestFileName, s => ParameterFile.Write(s, layout, content.Best, null));
    }

    /// <summary>One a server. An optimizer without state (plain sgd) has nothing to write.</summary>
    /// <param name="described">What the manifest says of them.</param>
    private static IEnumerable<DraftFile> ShardFiles(CheckpointContent content, List<OptimizerFile> described)
    {
        IReadOnlyList<string> states = content.Identity.OptimizerStates;
        if (states.Count == 0) yield break;
        OptimizerShard[] ordered = [.. content.Optimizer.OrderBy(s => s.Offset)];
        foreach ((int i, OptimizerShard shard) in ordered.Index())
        {
            string name = CheckpointManifest.OptimizerFileName(i, ordered.Length);
            described.Add(new OptimizerFile(name, shard.Offset, shard.Length));
            yield return new(name, s => WriteShard(s, states, shard));
        }
    }

    /// <param name="described">What the manifest says of them.</param>
    private static IEnumerable<DraftFile> ResidualFiles(CheckpointContent content, List<ResidualFile> described)
    {
        foreach ((int i, SubtreeResidual residual) in content.Residuals.Index())
        {
            string name = CheckpointManifest.ResidualFileName(i, content.Residuals.Count);
            var tensor = new SafetensorsTensor(CheckpointManifest.ResidualTensor, new TensorShape(residual.Values.Length), residual.Values);
            described.Add(new ResidualFile(name, residual.Subtree, residual.Samples));
            yield return new(name, s => SafetensorsWriter.Write(s, [tensor], null));
        }
    }

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

    private static CheckpointManifest Describe(
        CheckpointContent content, List<OptimizerFile> shards, List<ResidualFile> residuals, CheckpointFile[] files) => new()
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

    /// <param name="Write">Writes the whole file.</param>
    private sealed record DraftFile(string Name, Func<Stream, FileDigest> Write);
}
