using DistBp.Learning;

namespace DistBp.Cluster.Configuration.Nodes;

/// <summary>Collects everything that is wrong with a file, so that all of it is told at once.</summary>
internal sealed class ProblemList
{
    /// <summary>Beyond this many, more would not help anyone.</summary>
    private const int MaxProblems = 100;

    private readonly List<(Problem Problem, Origin Origin, string Path)> _problems = [];

    public int Count => _problems.Count;

    /// <summary>There may be more problems than the list tells.</summary>
    public bool IsFull => _problems.Count == MaxProblems;

    /// <param name="path">Of the key, as "optimizer.adam.rate"; "": none.</param>
    public void Add(string what, Origin origin, string path, string remedy)
    {
        // An override's text begins with the path already.
        bool shown = path.Length == 0 || origin.Source.StartsWith(Overrides.Prefix + path, StringComparison.Ordinal);
        Add(new Problem(what, shown ? origin.ToString() : $"{origin} {path}", remedy), origin, path);
    }

    public void AddRange(IEnumerable<Problem> problems)
    {
        foreach (Problem problem in problems) Add(problem, default, "");
    }

    /// <summary>Whether something at, above or below the key is wrong, so that a check that uses its value would only confuse.</summary>
    public bool Concerns(string path) => _problems.Any(p =>
        p.Path == path || p.Path.StartsWith(path + ".", StringComparison.Ordinal) || path.StartsWith(p.Path + ".", StringComparison.Ordinal));

    /// <exception cref="UserException">There are problems; the file's come in the order of its lines, then those of overrides.</exception>
    public void ThrowIfAny()
    {
        if (_problems.Count == 0) return;
        throw new UserException(ErrorKind.Usage,
            [.. _problems.OrderBy(p => p.Origin.Line == 0).ThenBy(p => p.Origin.Line).ThenBy(p => p.Origin.Column).Select(p => p.Problem)]);
    }

    private void Add(Problem problem, Origin origin, string path)
    {
        if (_problems.Count < MaxProblems) _problems.Add((problem, origin, path));
    }
}
