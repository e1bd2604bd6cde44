using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>A server's side of the exchange of norms in an update: when those of all servers are here, each comes to the same decision.</summary>
internal sealed class NormExchange
{
    private Assignment? _assignment;
    private ShareNorms?[] _shared = [];

    /// <summary>Those of the update before.</summary>
    private ShareNorms?[] _decided = [];
    private SegmentNorms[] _norms = [];

    public bool IsComplete => Array.IndexOf(_shared, null) < 0;

    /// <summary>Of all servers' segments, in the order of the flat buffer, as of the last decision.</summary>
    public IReadOnlyList<SegmentNorms> Norms => _norms;

    /// <summary>For a server that lacks norms of the update that was made last.</summary>
    public IReadOnlyList<ShareNorms> Decided => [.. _decided.OfType<ShareNorms>()];

    public void Begin(Assignment assignment)
    {
        _assignment = assignment;
        _shared = new ShareNorms?[assignment.Servers.Count];
        _decided = new ShareNorms?[assignment.Servers.Count];
        _norms = new SegmentNorms[assignment.Servers.Count];
    }

    /// <param name="norms">Of the update under way.</param>
    public void Add(ShareNorms norms) => _shared[_assignment!.PositionOfServer(norms.Server)] = norms;

    /// <summary>Once it is complete.</summary>
    public NormDecision Decide()
    {
        bool halts = false, clamped = false, lossIsFinite = true;
        for (int server = 0; server < _shared.Length; server++)
        {
            _norms[server] = _shared[server]!.Norms;
            halts |= _shared[server]!.Halt;
            clamped |= _shared[server]!.Clamped;
            lossIsFinite &= _shared[server]!.LossIsFinite;
        }
        (bool accepted, int badSegment, double norm) = GlobalNorm.Decide(_norms);
        return new NormDecision(accepted && lossIsFinite, badSegment, norm, halts, clamped);
    }

    /// <summary>The update is made, or left out.</summary>
    public void Advance()
    {
        (_decided, _shared) = (_shared, _decided);
        Array.Clear(_shared);
    }
}

/// <summary>What follows from all servers' norms.</summary>
/// <param name="Accepted">Whether the update is to be applied: loss and gradient are finite.</param>
/// <param name="BadSegment">The first segment of the flat gradient that is not finite; -1 where the loss alone is not.</param>
/// <param name="Norm">The global L2 norm.</param>
/// <param name="Halts">Whether every server halts after it.</param>
/// <param name="Clamped">Whether clip.value has changed the gradient.</param>
internal readonly record struct NormDecision(bool Accepted, int BadSegment, double Norm, bool Halts, bool Clamped);
