using System.Diagnostics;
using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>The parameters of a model as a safetensors file, names as &lt;layer&gt;.&lt;parameter&gt;.</summary>
public static class ParameterFile
{
    /// <summary>Writes the file beside, flushes it to the disk and renames it.</summary>
    /// <param name="parameters">[layout.Count], the flat buffer.</param>
    /// <exception cref="UserException">The disk is full or the folder not writable; a file that was there before is unharmed.</exception>
    public static FileDigest Save(
        string path, ParameterLayout layout, ReadOnlyMemory<float> parameters, IReadOnlyDictionary<string, string>? metadata = null)
    {
        try
        {
            return DurableFile.Replace(path, stream => Write(stream, layout, parameters, metadata));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.CannotWrite("the parameters", path, (long)parameters.Length * sizeof(float), e);
        }
    }

    /// <summary>Reads parameters by name (F32, or F16, BF16 and F64 converted). Tensors of the file that the model does not have are ignored.</summary>
    /// <param name="parameters">[layout.Count]; what the file lacks is left as it is.</param>
    /// <param name="rename">Names of the file and ours: see <see cref="TensorNames"/>.</param>
    /// <param name="partial">Parameters that are missing or of another shape are skipped, not errors; but at least one must be found.</param>
    /// <returns>Names of the parameters that were read.</returns>
    /// <exception cref="UserException">Every parameter that is missing (with the file's own names) or differs in shape, at once.</exception>
    public static IReadOnlyList<string> Load(
        string path, ParameterLayout layout, Span<float> parameters, bool partial = false,
        IReadOnlyList<KeyValuePair<string, string>>? rename = null)
    {
        if (parameters.Length != layout.Count) throw new ArgumentException($"Got {parameters.Length}, expected {layout.Count}.", nameof(parameters));
        using SafetensorsFile file = SafetensorsFile.Open(path);
        var names = new TensorNames(file, layout, rename ?? []);
        if (names.Problems.Count > 0) throw new UserException(ErrorKind.Usage, names.Problems);
        var loaded = new List<string>();
        var problems = new List<Problem>();
        foreach (ParameterView view in layout.Views)
        {
            Problem? problem = Compare(file, names, view);
            if (problem is null) loaded.Add(view.Name);
            else problems.Add(problem);
        }
        if (problems.Count > 0 && (!partial || loaded.Count == 0)) throw new UserException(ErrorKind.Usage, problems);
        foreach (ParameterView view in layout.Views)
        {
            if (names.Find(view.Name) is not { } entry || !SameShape(entry, view.Shape)) continue;
            file.ReadFloats(entry, parameters.Slice(view.Offset, view.Count), convert: true);
        }
        return loaded;
    }

    internal static FileDigest Write(
        Stream stream, ParameterLayout layout, ReadOnlyMemory<float> parameters, IReadOnlyDictionary<string, string>? metadata)
    {
        if (parameters.Length != layout.Count) throw new UnreachableException($"{parameters.Length} parameters for a layout of {layout.Count}.");
        return SafetensorsWriter.Write(
            stream, layout.Views.Select(v => new SafetensorsTensor(v.Name, v.Shape, parameters.Slice(v.Offset, v.Count))), metadata);
    }

    private static Problem? Compare(SafetensorsFile file, TensorNames names, ParameterView view)
    {
        const string remedy = "use the parameters of this model, or `partial: true` to take those that fit";
        if (names.Find(view.Name) is not { } entry)
        {
            return new Problem(
                $"the file has no parameter '{view.Name}' (it has {TensorNames.Names(file)})", file.Path,
                "use the parameters of this model, `rename: {NAME IN THE FILE: NAME HERE}`, or `partial: true` to take those that fit");
        }
        string origin = entry.Name == view.Name ? "" : $" (where it is '{entry.Name}')";
        return SameShape(entry, view.Shape) ? null : new Problem(
            $"parameter '{view.Name}' has shape {entry.ShapeText} in the file{origin}, the model needs {view.Shape}", file.Path, remedy);
    }

    private static bool SameShape(SafetensorsEntry entry, TensorShape shape)
    {
        if (entry.Shape.Count != shape.Rank) return false;
        for (int i = 0; i < shape.Rank; i++)
            if (entry.Shape[i] != shape[i]) return false;
        return true;
    }
}
