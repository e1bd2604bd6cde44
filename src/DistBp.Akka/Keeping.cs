using Akka.Actor;
using Akka.Cluster;
using Google.Protobuf;

namespace DistBp.Akka;

/// <summary>A message that keepers are to answer, until enough have.</summary>
internal sealed record Keeping(long Number, IMessage Message, Action Kept)
{
    private bool _isKept;

    public HashSet<UniqueAddress> Answered { get; } = [];

    /// <returns>Whether enough have answered.</returns>
    public bool Judge(Keepers keepers)
    {
        if (_isKept || !keepers.AreMet(Answered)) return _isKept;
        _isKept = true;
        Kept();
        return true;
    }
}
