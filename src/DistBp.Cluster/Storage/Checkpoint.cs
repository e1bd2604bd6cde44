using DistBp.Learning;
using DistBp.Learning.Encodings;

namespace DistBp.Cluster.Storage;

/// <summary>A checkpoint on disk whose files have all been verified.</summary>
public sealed class Checkpoint
{
    private Checkpoint(string folder, CheckpointManifest manifest)
    {
        Folder = folder;
        Manifest = manifest;
    }

    public string Folder { get; }

    public CheckpointManifest Manifest { get; }

    public CheckpointPosition Position => Manifest.Position;

    /// <summary>Reads every byte of the checkpoint and compares length and SHA-256. The checkpoint, or null and which file is damaged, and how.</summary>
    public static (Checkpoint? Checkpoint, string Why) Verify(string folder)
    {
        (CheckpointManifest? manifest, string why) = CheckpointManifestReader.Read(Path.Combine(folder, CheckpointManifest.FileName));
        if (manifest is null) return (null, why);
        string[] used = [CheckpointManifest.ParametersFileName, .. manifest.OptimizerFiles.Select(f => f.Name), .. manifest.ResidualFiles.Select(f => f.Name)];
        foreach (string name in used)
            if (manifest.Files.All(f => f.Name != name)) return (null, $"{CheckpointManifest.FileName} does not vouch for {name}");
        foreach (CheckpointFile file in manifest.Files)
        {
            string? problem = Compare(Path.Combine(folder, file.Name), file);
            if (problem is not null) return (null, problem);
        }
        return (new Checkpoint(folder, manifest), "");
    }

    /// <param name="parameters">[layout.Count], the flat buffer.</param>
    public void LoadParameters(ParameterLayout layout, Span<float> parameters) =>
        ParameterFile.Load(PathOf(CheckpointManifest.ParametersFileName), layout, parameters);

    /// <summary>The parameters of the best epoch; only when the manifest says that it has them.</summary>
    public void LoadBest(ParameterLayout layout, Span<float> parameters) =>
        ParameterFile.Load(PathOf(CheckpointManifest.BestFileName), layout, parameters);

    /// <summary>
    /// Reads the optimizer state of any range of the trained parameters, from as many files as the range overlaps: so a checkpoint of three
    /// servers loads into one, two or five.
    /// </summary>
    /// <param name="offset">First parameter of the range in the flat buffer.</param>
    /// <param name="states">One destination of [length] for each of the manifest's optimizer states, in its order.</param>
    public void LoadOptimizer(int offset, int length, IReadOnlyList<Memory<float>> states)
    {
        if (states.Count != Manifest.OptimizerStates.Count || states.Any(s => s.Length != length))
            throw new ArgumentException($"Expected {Manifest.OptimizerStates.Count} destinations of {length}.", nameof(states));
        int loaded = 0;
        foreach (OptimizerFile file in Manifest.OptimizerFiles)
        {
            int begin = Math.Max(offset, file.Offset);
            int end = Math.Min(offset + length, file.End);
            if (begin >= end) continue;
            LoadOverlap(file, begin, end, offset, states);
            loaded += end - begin;
        }
        if (states.Count > 0 && loaded != length)
            throw new ArgumentException($"The checkpoint has no optimizer state for all of [{offset}, {offset + length}).", nameof(length));
    }

    /// <summary>The residuals of those subtrees that are asked for.</summary>
    /// <param name="length">Of each.</param>
    public IEnumerable<SubtreeResidual> LoadResiduals(Func<Subtree, bool> isWanted, int length)
    {
        foreach (ResidualFile file in Manifest.ResidualFiles.Where(f => isWanted(f.Subtree)))
        {
            using SafetensorsFile tensors = SafetensorsFile.Open(PathOf(file.Name));
            float[] values = new float[length];
            tensors.ReadFloats(Find(tensors, CheckpointManifest.ResidualTensor, length), values);
            yield return new SubtreeResidual(file.Subtree, values, file.Samples);
        }
    }

    private static SafetensorsEntry Find(SafetensorsFile tensors, string name, int length)
    {
        SafetensorsEntry entry = tensors.Find(name) ?? throw SafetensorsHeader.Damaged(tensors.Path, $"it has no tensor '{name}'");
        if (entry.ElementCount == length) return entry;
        throw SafetensorsHeader.Damaged(tensors.Path, $"'{name}' has {entry.ElementCount} elements, expected {length}");
    }

    private void LoadOverlap(OptimizerFile file, int begin, int end, int offset, IReadOnlyList<Memory<float>> states)
    {
        using SafetensorsFile tensors = SafetensorsFile.Open(PathOf(file.Name));
        for (int s = 0; s < states.Count; s++)
        {
            SafetensorsEntry entry = Find(tensors, Manifest.OptimizerStates[s], file.Length);
            tensors.ReadFloats(entry, states[s].Span[(begin - offset)..(end - offset)], begin - file.Offset);
        }
    }

    private string PathOf(string name) => Path.Combine(Folder, name);

    private static string? Compare(string path, CheckpointFile expected)
    {
        // A manifest is data from elsewhere: it must not lead out of its own folder.
        if (Path.GetFileName(expected.Name) != expected.Name) return $"{CheckpointManifest.FileName} names a file '{expected.Name}' outside its folder";
        try
        {
            var info = new FileInfo(path);
            if (!info.Exists) return $"{expected.Name} is missing";
            // Compared first: it costs nothing, and says more than "another hash".
            if (info.Length != expected.Digest.Bytes) return $"{expected.Name} has {info.Length} bytes, expected {expected.Digest.Bytes}";
            return FileDigest.Of(path) == expected.Digest ? null : $"{expected.Name} does not match its SHA-256";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{expected.Name} cannot be read: {e.Message}";
        }
    }
}
