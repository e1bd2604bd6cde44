namespace DistBp.Protocol;

public enum Role
{
    Coordinator,
    Server,
    Worker,
}

/// <summary>A member of a run that messages are sent to.</summary>
/// <param name="Index">Its number among those of its role; kept as long as the run lasts, and never given to another.</param>
public readonly record struct Address(Role Role, int Index)
{
    public static Address Coordinator => new(Role.Coordinator, 0);

    public static Address Server(int index) => new(Role.Server, index);

    public static Address Worker(int index) => new(Role.Worker, index);

    public override string ToString() => Role == Role.Coordinator ? "coordinator" : $"{(Role == Role.Server ? "server" : "worker")} {Index}";
}

/// <summary>The number of an assignment of slices and shards within a coordinator's reign. Both numbers fence: a message of an older one is
/// refused, never applied.</summary>
public readonly record struct Generation(int Term, int Number) : IComparable<Generation>
{
    public static bool operator <(Generation left, Generation right) => left.CompareTo(right) < 0;

    public static bool operator >(Generation left, Generation right) => left.CompareTo(right) > 0;

    public static bool operator <=(Generation left, Generation right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Generation left, Generation right) => left.CompareTo(right) >= 0;

    public int CompareTo(Generation other) => (Term, Number).CompareTo((other.Term, other.Number));

    public override string ToString() => $"{Term}.{Number}";
}

/// <summary>A contiguous range of the flat parameter buffer, owned by one server. Its start is a multiple of a block.</summary>
public readonly record struct ParameterShard(int Offset, int Count)
{
    public int End => Offset + Count;

    /// <summary>What both have; its count is 0 where that is nothing.</summary>
    public ParameterShard Overlap(ParameterShard other)
    {
        int offset = Math.Max(Offset, other.Offset);
        return new ParameterShard(offset, Math.Max(0, Math.Min(End, other.End) - offset));
    }

    /// <summary>What of it lies before <paramref name="limit"/>.</summary>
    public ParameterShard Before(int limit)
    {
        int offset = Math.Min(Offset, limit);
        return new ParameterShard(offset, Math.Min(End, limit) - offset);
    }

    public override string ToString() => $"parameters {Offset}..{End - 1}";
}
