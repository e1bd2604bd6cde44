using System.Diagnostics;
using DistBp.Learning;
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

    protected override void Step(Message message, EffectList effects) => _worker.Step(message, effects);

    protected override void Perform(Effect effect)
    {
        switch (effect)
        {
            case PrepareSlices e: Prepare(e); break;
            case ComputeGradient e: Compute(e); break;
            case SearchNonFinite e: Search(e); break;
            case EvaluateSubtrees e: Evaluate(e); break;
            default: throw new UnreachableException($"A worker's host was asked for {effect}.");
        }
    }

    private void Prepare(PrepareSlices effect)
    {
        _gradient = effect.Subtrees.Count == 0 ? null : new GradientComputation(
            memory, pool, index, effect.Generation, effect.Subtrees, done => Post(new GradientComputed(done.Generation, done.Step, done.Gradients)));
        Post(new SlicesPrepared(effect.Generation));
    }

    private void Compute(ComputeGradient effect)
    {
        _gradient!.Step = effect.Step;
        pool.Enqueue(index, _gradient);
    }

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
