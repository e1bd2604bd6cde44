using DistBp.Learning;
using DistBp.Learning.Encodings;

namespace DistBp.Protocol.Tests.Simulation;

/// <summary>A residual that counts: each slice of each step that was applied leaves 1, so that none is lost or doubled unseen.</summary>
internal sealed class ToyResidual(Subtree subtree, float kept)
{
    private float _kept = kept;
    private float _left;
    private long? _step;

    public Subtree Subtree => subtree;

    public static ToyResidual Of(Subtree subtree, IEnumerable<SubtreeResidual> handed) =>
        new(subtree, handed.Where(r => subtree.First <= r.Subtree.First && r.Subtree.First < subtree.End).Sum(r => r.Values.Span[0]));

    public void Compute(long step, bool afterSkip)
    {
        Settle(step, afterSkip);
        (_left, _step) = (_kept + subtree.Count, step);
    }

    public SubtreeResidual Settled(long version, bool afterSkip)
    {
        Settle(version, afterSkip);
        return new SubtreeResidual(subtree, new[] { _kept }, 1);
    }

    private void Settle(long version, bool afterSkip)
    {
        if (_step < version && !afterSkip) _kept = _left;
        _step = null;
    }
}
