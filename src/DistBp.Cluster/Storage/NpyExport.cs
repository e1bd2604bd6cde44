using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>
/// `distbp export --format npy --output FILE`: FILE.npy gets the whole flat buffer as one vector (trained parameters first, as
/// `weightsSha256` hashes them); any other name becomes a folder with one &lt;layer&gt;.&lt;parameter&gt;.npy each.
/// </summary>
public static class NpyExport
{
    /// <param name="parameters">[layout.Count], the flat buffer.</param>
    /// <returns>The files written.</returns>
    /// <exception cref="UserException">The disk is full or the place not writable.</exception>
    public static IReadOnlyList<string> Write(string output, ParameterLayout layout, ReadOnlyMemory<float> parameters)
    {
        try
        {
            if (output.EndsWith(".npy", StringComparison.OrdinalIgnoreCase)) return [WriteOne(output, new TensorShape(layout.Count), parameters)];
            Directory.CreateDirectory(output);
            return [.. layout.Views.Select(
                v => WriteOne(Path.Combine(output, v.Name + ".npy"), v.Shape, parameters.Slice(v.Offset, v.Count)))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.CannotWrite("the parameters", output, (long)parameters.Length * sizeof(float), e);
        }
    }

    private static string WriteOne(string path, TensorShape shape, ReadOnlyMemory<float> data) => DurableFile.Replace(path, stream =>
    {
        NpyWriter.Write(stream, shape, data.Span);
        return path;
    });
}
