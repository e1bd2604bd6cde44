using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using DistBp.Cluster.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Runs;

/// <summary>What is in a run's folder, a checkpoint's folder or a safetensors file, and whether it is intact.</summary>
/// <param name="Facts">Name and value, in the order to be shown.</param>
/// <param name="Tensors">Of the parameters; empty where they are damaged or absent.</param>
/// <param name="Checkpoints">Of a run, newest first; Why is "" for an intact one.</param>
/// <param name="Damage">What is damaged: where and how; empty when all is intact.</param>
public sealed record RunInspection(
    IReadOnlyList<(string Name, string Value)> Facts, IReadOnlyList<SafetensorsEntry> Tensors,
    IReadOnlyList<(string Folder, CheckpointManifest? Manifest, string Why)> Checkpoints, IReadOnlyList<Problem> Damage)
{
    private const string Remedy = "restore it from a copy, or use another checkpoint of the run";

    /// <exception cref="UserException">There is nothing at the path that could be inspected.</exception>
    public static RunInspection Of(string path)
    {
        if (File.Exists(Path.Combine(path, CheckpointManifest.FileName))) return OfCheckpoint(path);
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
        // A checkpoint that has lost its manifest is still one: a damaged one.
        if (Directory.Exists(path)) return name.StartsWith("step-", StringComparison.Ordinal) ? OfCheckpoint(path) : OfRun(path);
        if (File.Exists(path)) return OfFile(path);
        throw new UserException(ErrorKind.Usage, "there is no such file or folder", path,
            "name a run's folder, a checkpoint's folder or a .safetensors file");
    }

    /// <summary>"3 epochs", "3 epochs and 7 steps".</summary>
    public static string PositionText(CheckpointPosition position)
    {
        string epochs = Plural(position.Epoch, "epoch");
        return position.StepInEpoch == 0 ? epochs : $"{epochs} and {Plural(position.StepInEpoch, "step")}";
    }

    private static RunInspection OfFile(string path)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            return new RunInspection([("file", path), ("sha256", FileDigest.Of(path).Sha256)], file.Entries, [], []);
        }
        catch (UserException e) when (e.Kind == ErrorKind.Checkpoint)
        {
            return new RunInspection([("file", path)], [], [], e.Problems);
        }
    }

    private static RunInspection OfCheckpoint(string folder)
    {
        (Checkpoint? checkpoint, string why) = Checkpoint.Verify(folder);
        if (checkpoint is null) return new RunInspection([("checkpoint", folder)], [], [], [Damaged(why, folder)]);
        CheckpointManifest manifest = checkpoint.Manifest;
        using SafetensorsFile parameters = SafetensorsFile.Open(Path.Combine(folder, CheckpointManifest.ParametersFileName));
        var facts = new List<(string, string)>
        {
            ("checkpoint", folder),
            ("step", Text(manifest.Position.Step)),
            ("position", PositionText(manifest.Position)),
            ("seed", Text(manifest.Seed)),
            ("slices", $"{Text(manifest.Slices)} of a mini-batch of {Text(manifest.Batch)}"),
            ("optimizer", $"{manifest.OptimizerKind}, state in {Plural(manifest.OptimizerFiles.Count, "file")}"),
            ("job hash", manifest.JobHash),
            ("weights sha256", HashOf(parameters, manifest.Parameters)),
            ("state", "intact: every file matches its SHA-256"),
        };
        return new RunInspection(facts, parameters.Entries, [], []);
    }

    private static RunInspection OfRun(string folder)
    {
        var paths = new RunPaths(folder);
        SavedRun run;
        (string Folder, CheckpointManifest? Manifest, string Why)[] checkpoints =
            [.. CheckpointsOf(paths.Checkpoints), .. SavedRun.MirrorOf(paths) is { } mirror ? CheckpointsOf(mirror) : []];
        List<Problem> damage = [.. checkpoints.Where(c => c.Manifest is null).Select(c => Damaged(c.Why, c.Folder))];
        try
        {
            run = SavedRun.Open(folder);
        }
        catch (UserException e) when (e.Kind == ErrorKind.Checkpoint)
        {
            // All checkpoints are damaged: each is told already. Otherwise it is the run's own parameter file.
            Problem[] own = [.. e.Problems.Where(p => damage.All(d => d.Where != p.Where))];
            return new RunInspection([("run", folder)], [], checkpoints, [.. damage, .. own]);
        }
        string hash = WeightsHash.Compute(run.Network.Parameters, run.Parameters.Span);
        RunResult? result = File.Exists(paths.Result) ? RunResult.Load(paths.Result) : null;
        if (result is not null && run.Source == paths.Parameters && result.WeightsSha256 != hash)
            damage.Add(Damaged($"its weights have SHA-256 {hash}, result.json says {result.WeightsSha256}", run.Source));
        string parameterFile = Directory.Exists(run.Source) ? Path.Combine(run.Source, CheckpointManifest.ParametersFileName) : run.Source;
        using SafetensorsFile parameters = SafetensorsFile.Open(parameterFile);
        return new RunInspection(
            [("run", folder), ("job", run.Job.Name), ("state", State(run.Source == paths.Parameters ? result : null)), ("parameters", run.Source), ("weights sha256", hash)],
            parameters.Entries, checkpoints, damage);
    }

    private static Problem Damaged(string why, string where) => new($"damaged: {why}", where, Remedy);

    private static string State(RunResult? result) => result is null
        ? "not ended"
        : $"{RunStatusName.Of(result.Status)} after step {Text(result.Steps)}, epoch {Text(result.Epochs)}";

    private static IEnumerable<(string Folder, CheckpointManifest? Manifest, string Why)> CheckpointsOf(string folder)
    {
        foreach (string checkpoint in CheckpointStore.OpenForReading(folder).NewestFirst())
        {
            (Checkpoint? intact, string why) = Checkpoint.Verify(checkpoint);
            // A run that goes on meanwhile deletes old checkpoints: those are not damaged.
            if (intact is not null || Directory.Exists(checkpoint)) yield return (checkpoint, intact?.Manifest, why);
        }
    }

    /// <summary>As <see cref="WeightsHash"/>, without the model: the manifest knows the order of the flat buffer.</summary>
    private static string HashOf(SafetensorsFile file, IReadOnlyList<CheckpointParameter> parameters)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (CheckpointParameter parameter in parameters)
        {
            SafetensorsEntry entry = file.Find(parameter.Name)!;
            var values = new float[entry.ElementCount];
            file.ReadFloats(entry, values);
            hash.AppendData(MemoryMarshal.AsBytes(values.AsSpan()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string Plural(int count, string noun) => $"{Text(count)} {noun}{(count == 1 ? "" : "s")}";

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
