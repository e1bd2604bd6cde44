using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Nodes.Jobs;

/// <summary>The files of a run's folder that a client may have: nothing outside of it, whatever is asked for and whatever links lie in it.</summary>
internal static class RunFiles
{
    private static readonly EnumerationOptions NoLinks = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
        IgnoreInaccessible = true,
    };

    /// <param name="path">Relative, with '/'; a file, or a folder for all below it; "": the whole run.</param>
    /// <returns>Relative paths with '/', in order. What is being written, or is a lock, is left out.</returns>
    /// <exception cref="RpcException">PERMISSION_DENIED: it is outside of the folder; NOT_FOUND: there is none.</exception>
    public static IReadOnlyList<string> List(string folder, string path)
    {
        string root = Path.GetFullPath(folder), asked = Path.GetFullPath(path, root);
        if (path.Contains('\0', StringComparison.Ordinal) || Path.IsPathRooted(path) || !IsWithin(asked, root) || PassesLink(asked, root))
            throw new RpcException(StatusCode.PermissionDenied, "the path is outside of the run's folder");
        if (File.Exists(asked)) return [Relative(asked, root)];
        if (!Directory.Exists(asked)) throw new RpcException(StatusCode.NotFound, $"the run has no '{path}'");
        return [.. Directory.EnumerateFiles(asked, "*", NoLinks).Select(f => Relative(f, root)).Where(IsWhole).Order(StringComparer.Ordinal)];
    }

    /// <summary>A path of <see cref="List"/>, here.</summary>
    public static string Locate(string folder, string path) => Path.Combine(folder, path.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>Whether a path, as it came from elsewhere, stays in the folder that it is relative to.</summary>
    public static bool StaysWithin(string folder, string path) =>
        path.Length > 0 && !path.Contains('\0', StringComparison.Ordinal) && !Path.IsPathRooted(path)
        && IsWithin(Path.GetFullPath(Locate(folder, path)), Path.GetFullPath(folder));

    private static bool IsWithin(string path, string root) =>
        path == root || path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static bool PassesLink(string path, string root)
    {
        for (string at = path; at.Length > root.Length; at = Path.GetDirectoryName(at)!)
        {
            if (new FileInfo(at).LinkTarget is not null) return true;
        }
        return false;
    }

    private static bool IsWhole(string path) =>
        Path.GetFileName(path) != ".lock" && !path.Split('/').Any(part => part.EndsWith(".writing", StringComparison.Ordinal));

    private static string Relative(string path, string root) => Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/');
}
