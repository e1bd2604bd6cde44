using System.Diagnostics;
using DistBp.Learning;
using DistBp.Learning.Encodings;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>Hosts a <see cref="Worker"/>.</summary>
internal sealed class WorkerActor(int index, TrainingMemory memory, ComputePool pool, ITransport transport)
    : Actor(Address.Worker(index), transport)
{
    private readonly Worker _worker = new(index);
    private GradientComputation? _gradient;
    private EvaluationComputation? _evaluation;
    private WorkerResiduals? _residuals;

    protected override void Step(Message message, EffectList effects) => _worker.Step(message, effects);

    protected override void Perform(Effect effect)
    {
        switch (effect)
        {
            case PrepareSlices e: Prepare(e); break;
            case ComputeGradient e: Compute(e); break;
            case VoidResiduals e: _residuals?.Settle(e.Version, skipped: true); break;
            case CopyResiduals e: Copy(e); break;
            case SearchNonFinite e: Search(e); break;
            case EvaluateSubtrees e: Evaluate(e); break;
            default: throw new UnreachableException($"A worker's host was asked for {effect}.");
        }
    }

    private void Prepare(PrepareSlices effect)
    {
        if (memory.Job.Wire.Gradients.KeepsResidual) TakeOverResiduals(effect);
        _gradient = effect.Subtrees.Count == 0 ? null : new GradientComputation(
            memory, pool, index, effect.Generation, effect.Subtrees, done => Post(new GradientComputed(done.Generation, done.Step, done.Gradients)), _residuals);
        Post(new SlicesPrepared(effect.Generation));
    }

    private void TakeOverResiduals(PrepareSlices effect)
    {
        int count = memory.Network.Parameters.DenseTrainedCount;
        _residuals?.Settle(effect.Version, effect.AfterSkip);
        IEnumerable<SubtreeResidual>? earlier = !effect.FromStart ? _residuals?.Current
            : memory.Start?.LoadResiduals(r => WorkerResiduals.OwnerOf(r, effect.Subtrees) >= 0, count);
        _residuals = new WorkerResiduals(count, effect.Subtrees, earlier ?? []);
    }

    private void Compute(ComputeGradient effect)
    {
        _gradient!.Step = effect.Step;
        pool.Enqueue(index, _gradient);
    }

    private void Copy(CopyResiduals effect) => pool.Enqueue(
        index, new ResidualCopy(_residuals!, effect, copies => Post(new ResidualsCopied(effect.Generation, effect.Version, copies))));

    private void Search(SearchNonFinite effect) => pool.Enqueue(
        index, new NonFiniteSearch(memory, effect, found => Post(new NonFiniteSearched(effect.Generation, effect.Step, found))));

    private void Evaluate(EvaluateSubtrees effect)
    {
        _evaluation ??= new EvaluationComputation(
            memory, (request, sums) => Post(new SubtreesEvaluated(request.Generation, request.Part, sums)));
        _evaluation.Request = effect;
        pool.Enqueue(index, _evaluation);
    }
}
