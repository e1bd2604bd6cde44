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
    private readonly Worker _worker = new(index, memory.Job.Consistency, memory.Job.Wire.Gradients.KeepsResidual);
    private readonly WorkerSlowness? _slowness = WorkerSlowness.Of(index);

    /// <summary>By generation: those at work, and while members change those before.</summary>
    private readonly Dictionary<Generation, WorkerResiduals> _residuals = [];
    private GradientComputation? _gradient;
    private EvaluationComputation? _evaluation;

    /// <summary>In words, for errors and the status page.</summary>
    public string Describe() => _worker.Describe();

    protected override void Step(Message message, EffectList effects) => _worker.Step(message, effects);

    protected override void Perform(Effect effect)
    {
        switch (effect)
        {
            case HandOverResiduals e: HandOver(e); break;
            case PrepareSlices e: Prepare(e); break;
            case KeepResiduals e: Keep(e.Generation); break;
            case ComputeGradient e: Compute(e); break;
            case VoidResiduals e: _residuals.GetValueOrDefault(e.Generation)?.Settle(e.Version, skipped: true); break;
            case CopyResiduals e: Copy(e); break;
            case SearchNonFinite e: Search(e); break;
            case EvaluateSubtrees e: Evaluate(e); break;
            default: throw new UnreachableException($"A worker's host was asked for {effect}.");
        }
    }

    private void Prepare(PrepareSlices effect)
    {
        WorkerResiduals? residuals = null;
        if (memory.Job.Wire.Gradients.KeepsResidual)
        {
            residuals = new WorkerResiduals(
                memory.Network.Parameters.DenseTrainedCount, effect.Subtrees, effect.Handed.SelectMany(h => h.Residuals));
            _residuals[effect.Generation] = residuals;
        }
        _gradient = effect.Subtrees.Count == 0 ? null : new GradientComputation(
            memory, pool, index, effect.Generation, effect.Subtrees, OnComputed, residuals);
        Post(new SlicesPrepared(effect.Generation));
    }

    private void HandOver(HandOverResiduals effect)
    {
        WorkerResiduals residuals = _residuals[effect.From];
        residuals.Settle(effect.Version, effect.AfterSkip);
        Transport.Send(
            Address, Address.Worker(effect.Worker),
            new HandResiduals(effect.Generation, Address, [.. residuals.Current.Where(r => effect.Subtrees.Contains(r.Subtree))]));
    }

    private void Keep(Generation generation)
    {
        foreach (Generation other in _residuals.Keys.Where(g => g != generation).ToList()) _residuals.Remove(other);
    }

    private void Compute(ComputeGradient effect)
    {
        (_gradient!.Step, _gradient.Until, _gradient.RateFactor, _gradient.Shards) = (effect.Step, effect.Until, effect.RateFactor, effect.Shards);
        pool.Enqueue(index, _gradient);
    }

    private void OnComputed(GradientComputation done)
    {
        var computed = new GradientComputed(done.Generation, done.Step, done.Gradients);
        if (_slowness is null) Post(computed);
        else _ = _slowness.PostAsync(computed, (int)(done.Until - done.Step), Post);
    }

    private void Copy(CopyResiduals effect) => pool.Enqueue(
        index, new ResidualCopy(_residuals[effect.Generation], effect, copies => Post(new ResidualsCopied(effect.Generation, effect.Version, copies))));

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
