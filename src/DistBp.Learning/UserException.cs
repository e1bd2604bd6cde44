namespace DistBp.Learning;

/// <summary>What kind of input was bad; the value is the command's exit code.</summary>
public enum ErrorKind
{
    None = 0,
    Usage = 2,
    Data = 3,
    Diverged = 4,
    Cluster = 5,
    Checkpoint = 6,
}

/// <summary>One thing that is wrong: what, where (file:line, key or member) and what to do about it.</summary>
public sealed record Problem(string What, string Where, string Remedy);

/// <summary>Bad input or a failed run, told to the user in words, never with a stack trace. Several problems are reported at once.</summary>
public sealed class UserException : Exception
{
    public UserException(ErrorKind kind, string what, string where, string remedy, Exception? cause = null)
        : this(kind, [new Problem(what, where, remedy)], cause)
    {
    }

    public UserException(ErrorKind kind, IReadOnlyList<Problem> problems, Exception? cause = null)
        : base(string.Join("; ", problems.Select(p => $"{p.What} ({p.Where}): {p.Remedy}")), cause)
    {
        Kind = kind;
        Problems = problems;
    }

    public ErrorKind Kind { get; }

    public IReadOnlyList<Problem> Problems { get; }
}
