using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning;

namespace DistBp.Cluster.Configuration.Hocon;

/// <summary>A HOCON file, with what it includes, to a tree of <see cref="Node"/>s.</summary>
internal static class HoconReader
{
    private const int MaxIncludes = 16;

    /// <param name="environment">The value of an environment variable, or null.</param>
    /// <exception cref="UserException">The first thing that is wrong, with line and column.</exception>
    public static MapNode ReadFile(string path, Func<string, string?> environment) => Read(ConfigurationText.Read(path), path, environment);

    /// <param name="source">The file's path: includes are relative to its folder.</param>
    public static MapNode Read(string text, string source, Func<string, string?> environment) =>
        new HoconResolver(Parse(text, source, depth: 0), environment).Resolve();

    private static MapNode Parse(string text, string source, int depth)
    {
        MapNode Include(string path, Origin where)
        {
            if (depth >= MaxIncludes)
                throw new UserException(ErrorKind.Usage, "files include each other without end", where.ToString(), "remove the circle");
            string included = Path.Combine(Path.GetDirectoryName(source) ?? "", path);
            if (!File.Exists(included))
                throw new UserException(ErrorKind.Usage, $"there is no file \"{included}\" to include", where.ToString(), "check the path");
            return Parse(ConfigurationText.Read(included), included, depth + 1);
        }

        return new HoconParser(new HoconScanner(text, source), Include).ReadFile();
    }
}
