namespace DistBp.Learning.Data;

/// <summary>The first few things that are wrong with a file, to be told at once.</summary>
internal sealed class ProblemCollection
{
    private const int Most = 5;
    private readonly List<Problem> _problems = [];

    /// <exception cref="UserException">Enough problems are collected.</exception>
    public void Add(string what, string where, string remedy)
    {
        _problems.Add(new Problem(what, where, remedy));
        if (_problems.Count == Most) ThrowIfAny();
    }

    public void ThrowIfAny()
    {
        if (_problems.Count > 0) throw new UserException(ErrorKind.Data, _problems);
    }
}
