using System.Globalization;

namespace DistBp.Learning.Data;

/// <summary>
/// What is wrong with the lines of a file, to be told at once: the first few kinds of mistakes, each with the line where it is met first and
/// those that have the like, for a column of dates is one mistake and not one a row.
/// </summary>
internal sealed class ProblemCollection(string path)
{
    private const int MostKinds = 5;
    private const int MostLines = 4;
    private readonly Dictionary<string, Entry> _kinds = [];

    /// <param name="kind">What mistakes that are told once have in common: a column's name, and what is wrong with it.</param>
    /// <param name="what">A sentence about this line.</param>
    /// <exception cref="UserException">Enough kinds of mistakes are collected.</exception>
    public void Add(string kind, int line, string what, string remedy)
    {
        if (_kinds.TryGetValue(kind, out Entry? entry))
        {
            entry.Add(line);
            return;
        }
        if (_kinds.Count == MostKinds) ThrowIfAny();
        _kinds.Add(kind, new Entry(line, what, remedy));
    }

    public void ThrowIfAny()
    {
        if (_kinds.Count > 0) throw new UserException(ErrorKind.Data, [.. _kinds.Values.Select(k => k.Told(path))]);
    }

    private sealed class Entry(int line, string what, string remedy)
    {
        private readonly List<int> _others = [];
        private int _count;

        public void Add(int other)
        {
            _count++;
            if (_others.Count < MostLines) _others.Add(other);
        }

        public Problem Told(string path)
        {
            string others = string.Join(", ", _others.Select(l => l.ToString(CultureInfo.InvariantCulture))) + (_count > _others.Count ? ", …" : ".");
            string like = _count switch
            {
                0 => "",
                1 => $" So is line {others}",
                _ => string.Create(CultureInfo.InvariantCulture, $" So are {_count:N0} more lines: {others}"),
            };
            return new Problem(what + like, string.Create(CultureInfo.InvariantCulture, $"{path}:{line}"), remedy);
        }
    }
}
