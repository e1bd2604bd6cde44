using DistBp.Learning;

namespace DistBp.Cluster.Configuration;

/// <summary>The job file: YAML in, <see cref="JobDescription"/> out, and back.</summary>
public static class JobFile
{
    /// <param name="overrides">Settings that go over the file's, as "optimizer.adam.rate=0.01".</param>
    /// <exception cref="UserException">Everything that is wrong, at once.</exception>
    public static JobDescription Read(string path, IReadOnlyList<string> overrides) => throw new NotImplementedException();

    /// <summary>The handwritten-digits job, which needs no file.</summary>
    /// <exception cref="UserException">Everything that is wrong with the overrides, at once.</exception>
    public static JobDescription Embedded(IReadOnlyList<string> overrides) => throw new NotImplementedException();

    /// <summary>The job as YAML, with every default filled in and absolute paths.</summary>
    public static string Write(JobDescription job) => throw new NotImplementedException();

    /// <summary>SHA-256, in lowercase hexadecimal, over what decides the bits and the meaning of a run.</summary>
    public static string Hash(JobDescription job) => throw new NotImplementedException();
}
