using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>Whether a checkpoint belongs to the job that wants to go on from it, and if not, in what the two differ.</summary>
internal static class CheckpointComparison
{
    private const string Remedy = "resume with the job that wrote it (job.yaml in the run's folder), or train into another folder with --out";

    /// <exception cref="UserException">Every difference, with what the checkpoint has and what the job expects.</exception>
    public static void Require(Checkpoint checkpoint, CheckpointIdentity expected)
    {
        CheckpointManifest found = checkpoint.Manifest;
        var differences = new List<string>();
        Add(differences, "seed", found.Seed, expected.Seed);
        Add(differences, "slices", found.Slices, expected.Slices);
        Add(differences, "batch", found.Batch, expected.Batch);
        Add(differences, "optimizer", found.OptimizerKind, expected.OptimizerKind);
        if (found.OptimizerKind == expected.OptimizerKind)
            Add(differences, "optimizer state", string.Join(", ", found.OptimizerStates), string.Join(", ", expected.OptimizerStates));
        AddParameters(differences, found.Parameters, expected.Layout.Views);
        if (differences.Count == 0 && expected.JobHash.Length > 0) Add(differences, "hash of the job", found.JobHash, expected.JobHash);
        if (differences.Count > 0)
            throw new UserException(ErrorKind.Usage, [.. differences.Select(d => new Problem($"the checkpoint is of another job: {d}", checkpoint.Folder, Remedy))]);
    }

    private static void Add<T>(List<string> differences, string what, T found, T expected)
        where T : IEquatable<T>
    {
        if (!found.Equals(expected)) differences.Add($"{what}: got {found}, expected {expected}");
    }

    /// <summary>The first parameter that differs tells enough: those after it mostly follow from it.</summary>
    private static void AddParameters(List<string> differences, IReadOnlyList<CheckpointParameter> found, IReadOnlyList<ParameterView> expected)
    {
        for (int i = 0; i < Math.Max(found.Count, expected.Count); i++)
        {
            string got = i < found.Count ? Text(found[i]) : "nothing";
            string wanted = i < expected.Count ? Text(Describe(expected[i])) : "nothing";
            if (got == wanted) continue;
            differences.Add($"parameter {i + 1}: got {got}, expected {wanted}");
            return;
        }
    }

    private static CheckpointParameter Describe(ParameterView view) => new(view.Name, view.Shape.ToString(), view.Trained);

    private static string Text(CheckpointParameter parameter) =>
        $"{parameter.Name} {parameter.Shape}{(parameter.Trained ? "" : " (not trained)")}";
}
