using DistBp.Learning;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>Hosts a worker's machine. Its copy of the parameters is its own.</summary>
internal sealed class ToyWorker(int index, TrainingPlan plan, Action<ShardRead, long> read) : IToyMember
{
    private readonly Worker _machine = new(index, plan.Consistency, plan.KeepsResiduals);
    private readonly float[] _replica = new float[ToyProblem.Layout.Count];
    private Generation _newest;
    private Assignment? _assignment;
    private IReadOnlyList<Subtree> _subtrees = [];

    public Address Address => Address.Worker(index);

    public void Step(Message message, EffectList effects)
    {
        if (message is Assign assign && (_assignment is null || assign.Generation > _assignment.Generation)) _assignment = assign.Assignment;
        _machine.Step(message, effects);
    }

    public string Describe() => _machine.Describe();

    public float[]? TensorOf(Message message) => null;

    /// <summary>
    /// A shard, its offset before its parameters. Fenced by the newest generation that anything came of, not by the one that the worker knows: after a way back
    /// to a checkpoint a late shard of the old generation has another history.
    /// </summary>
    public void Receive(Message message, float[] tensor)
    {
        Generation generation = ((ShardCommitted)message).Generation;
        if (generation < _newest) return;
        _newest = generation;
        tensor.AsSpan(1).CopyTo(_replica.AsSpan((int)tensor[0]));
    }

    public Message? Perform(Effect effect, Action<Address, Message> send)
    {
        switch (effect)
        {
            case PrepareSlices e:
                _subtrees = e.Subtrees;
                return new SlicesPrepared(e.Generation);
            case ComputeGradient e:
                foreach (ShardRead shard in e.Shards)
                {
                    shard.Parameters.Span.CopyTo(_replica.AsSpan(_assignment!.Shard(shard.Server).Offset));
                    read(shard, e.Step);
                }
                return Compute(e);
            case EvaluateSubtrees e:
                // Depends on the parameters that it is made with.
                double bits = Math.Round(1000 * ToyProblem.Digest(_replica));
                return new SubtreesEvaluated(
                    e.Generation, e.Part, [.. e.Subtrees.Select(s => new SubtreeSums(s, [s.Count * ((e.Part == DataPart.Test ? 2.0 : 1.0) + bits), s.Count, 0]))]);
            default: throw new InvalidOperationException($"{effect}");
        }
    }

    private GradientComputed Compute(ComputeGradient e)
    {
        ToyHistory.Moment? known = ToyHistory.Find(e.Step, _replica);
        float digest = known is null ? ToyProblem.Digest(_replica) : 0;
        return new GradientComputed(e.Generation, e.Step, [.. _subtrees.Select(s => new SubtreeGradient(
            s, known?.Gradients[s] ?? ToyProblem.Gradient(s, e.Step, digest, _replica).ToGradient(s.Count), new double[] { s.Count, s.Count, 0 }))]);
    }
}
