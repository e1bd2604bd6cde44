using DistBp.Cluster.Configuration.Forms;
using DistBp.Cluster.Configuration.Jobs;
using DistBp.Cluster.Configuration.Nodes;
using DistBp.Cluster.Configuration.Yaml;
using DistBp.Learning;

namespace DistBp.Cluster.Configuration;

/// <summary>
/// The job file: YAML in, <see cref="JobDescription"/> out, and back. Overrides are KEY=VALUE with a key's path and a value in YAML:
/// "optimizer.adam.rate=0.01", "model.layers.1.dense=64", "clip={globalNorm: 1}", "earlyStopping=null" (back to the default). Where one of
/// several may stand, the override's takes the place of the file's: optimizer.adam.rate turns {sgd: …} into {adam: {rate: …}}.
/// </summary>
public static class JobFile
{
    private const string EmbeddedName = "digits.yaml";

    /// <param name="overrides">Settings that go over the file's, in their order.</param>
    /// <exception cref="UserException">Everything that is wrong, at once.</exception>
    public static JobDescription Read(string path, IReadOnlyList<string> overrides)
    {
        string full = Path.GetFullPath(path);
        return Parse(ConfigurationText.Read(path), path, overrides, NameOf(full), Path.GetDirectoryName(full)!);
    }

    /// <summary>The handwritten-digits job, which needs no file. Paths in overrides are relative to the current folder.</summary>
    /// <exception cref="UserException">Everything that is wrong with the overrides, at once.</exception>
    public static JobDescription Embedded(IReadOnlyList<string> overrides)
    {
        using Stream stream = typeof(JobFile).Assembly.GetManifestResourceStream(EmbeddedName)!;
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd(), EmbeddedName, overrides, NameOf(EmbeddedName), Directory.GetCurrentDirectory());
    }

    /// <summary>The job as YAML, with every default filled in and absolute paths: read again, it is the same job.</summary>
    public static string Write(JobDescription job)
    {
        JobDescription anywhere = JobPaths.Change(job, path => Path.GetFullPath(path, job.BaseFolder));
        return YamlWriter.Write((MapNode)JobForm.Create(job.Name, job.BaseFolder).Write(anywhere));
    }

    /// <summary>
    /// SHA-256, in lowercase hexadecimal, over what decides the bits of a run and their meaning: a checkpoint of another hash is another
    /// job's. See <see cref="JobHash"/> for what may differ.
    /// </summary>
    public static string Hash(JobDescription job) => JobHash.Compute(job);

    /// <param name="source">What messages call the text.</param>
    internal static JobDescription Parse(string text, string source, IReadOnlyList<string> overrides, string name, string baseFolder)
    {
        var problems = new ProblemList();
        Node root = Overrides.Apply(YamlReader.Read(text, source), overrides, problems);
        JobDescription job = JobForm.Create(name, baseFolder).Read(root, new Place("", problems), null!);
        if (job is not null && !problems.IsFull) JobChecks.Report(job, root, problems);
        problems.ThrowIfAny();
        return job!;
    }

    /// <summary>The file's name without its ending, and without what a job's name may not have.</summary>
    private static string NameOf(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        string allowed = new([.. name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-').Take(64)]);
        return allowed.Length > 0 && char.IsAsciiLetterOrDigit(allowed[0]) ? allowed : "job";
    }
}
