using Google.Protobuf;

namespace DistBp.Cluster.Rendezvous.Kept;

/// <summary>A message that keepers are to answer, until enough have.</summary>
internal sealed class Keeping<TKeeper>(long number, IMessage message, Action kept)
    where TKeeper : notnull
{
    private readonly HashSet<TKeeper> _answered = [];

    public long Number => number;

    public IMessage Message => message;

    /// <summary>Called once.</summary>
    public Action Kept => kept;

    public bool IsKept { get; private set; }

    public bool Lacks(TKeeper keeper) => !_answered.Contains(keeper);

    public void Answer(TKeeper keeper, Keepers<TKeeper> keepers)
    {
        _answered.Add(keeper);
        Judge(keepers);
    }

    /// <summary>Keepers may be enough because another one has gone.</summary>
    public void Judge(Keepers<TKeeper> keepers)
    {
        if (IsKept || !keepers.AreMet(_answered)) return;
        IsKept = true;
        kept();
    }
}
