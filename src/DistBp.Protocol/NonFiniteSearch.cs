using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>The coordinator's search for the samples to blame for a step that was rejected: each worker looks among its own.</summary>
internal sealed class NonFiniteSearch(Inquiry inquiry)
{
    private readonly List<NonFiniteSlice> _located = [];
    private StepRejected? _rejected;

    public void Begin(StepRejected rejected, Assignment assignment, EffectList effects)
    {
        _rejected = rejected;
        inquiry.Begin();
        inquiry.AskWorkers(assignment, new LocateNonFinite(rejected.Generation, rejected.Step), effects);
    }

    /// <returns>False where it says nothing new.</returns>
    public bool Add(NonFiniteLocated message)
    {
        if (!inquiry.Answer(Address.Worker(message.Worker))) return false;
        _located.AddRange(message.Slices);
        return true;
    }

    /// <summary>Null while a worker has yet to answer.</summary>
    public FailDiverged? Verdict => !inquiry.IsAnswered ? null
        : new FailDiverged(_rejected!.Step, _rejected.Segment, [.. _located.OrderBy(s => s.Slice)]) { Generation = _rejected.Generation };
}
