namespace DistBp.Cli.Tests;

/// <summary>A folder of a test's own, deleted after it.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("distbp-cli-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <returns>The name, relative to the folder.</returns>
    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return name;
    }

    public string Write(string name, byte[] bytes)
    {
        System.IO.File.WriteAllBytes(File(name), bytes);
        return name;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
