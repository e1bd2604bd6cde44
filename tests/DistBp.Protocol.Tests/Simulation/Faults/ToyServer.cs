using DistBp.Learning;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>Hosts a server's machine: performs its effects with the toy's arithmetic. Its memory goes with it.</summary>
internal sealed class ToyServer(int index, TrainingPlan plan) : IToyMember
{
    private readonly Dictionary<(Generation Generation, int Owner), ToyShard> _shards = [];
    private ToyGradient _root = new();

    public ParameterServer Machine { get; } = new(index, plan.Consistency);

    public Address Address => Address.Server(index);

    public void Step(Message message, EffectList effects) => Machine.Step(message, effects);

    public string Describe() => Machine.Describe();

    /// <summary>A copy at the moment of sending: what a transport carries.</summary>
    public float[]? TensorOf(Message message) => message switch
    {
        ShardCommitted m => [Shard(m.Generation).Range.Offset, .. Shard(m.Generation).Parameters],
        ShardCaptured m => [Shard(m.Generation).Range.Offset, .. Shard(m.Generation).Parameters, .. Shard(m.Generation).State, .. Shard(m.Generation).Best],
        _ => null,
    };

    public void Receive(Message message, float[] tensor) => throw new InvalidOperationException($"{message} to a server");

    /// <returns>What the machine is told when the effect is done; null: nothing.</returns>
    public Message? Perform(Effect effect, Action<Address, Message> send)
    {
        switch (effect)
        {
            case LoadShard e:
                Load(e.Generation, index, e.Shard, e.Handed);
                foreach (ShardCopy copy in e.Copies) Load(e.Generation, copy.Owner, copy.Shard, e.Handed);
                return new ShardLoaded(e.Generation);
            case HandOver e:
                send(Address.Server(e.Server), _shards[(e.From, e.Owner)].Hand(e.Generation, e.Range));
                return null;
            case KeepShard e:
                foreach ((Generation Generation, int Owner) other in _shards.Keys.Where(k => k.Generation != e.Generation).ToList()) _shards.Remove(other);
                return null;
            case CombineGradients e: return Combine(e);
            case ApplyUpdate e:
                double norm = Math.Sqrt(e.Norms.SelectMany(n => n.Squared.ToArray()).Sum());
                ToyProblem.Update(Shard(e.Generation), _root, norm, e.RateFactor);
                foreach (ReplicateGradient copy in e.Copies)
                {
                    ToyShard shard = _shards[(e.Generation, copy.Server)];
                    ToyProblem.Update(shard, ToyGradient.Of(copy.Root, shard.Range), norm, e.RateFactor);
                }
                return new UpdateApplied(e.Generation, e.Step, norm > 1);
            case ShareShard e:
                send(Address.Worker(e.Worker), new ShardRead(e.Generation, index, e.Step, e.Version, (float[])[.. Shard(e.Generation).Parameters]));
                return null;
            case CopyShard e:
                List<(int Owner, ToyShard Shard)> all = [.. _shards.Where(s => s.Key.Generation == e.Generation).Select(s => (s.Key.Owner, s.Value))];
                if (e.Target == CaptureTarget.Best) all.ForEach(s => s.Shard.KeepBest());
                return new ShardCopied(e.Generation, e.Target, e.Version)
                {
                    Digests = e.Digests ? [.. all.Select(s => new ShardDigest(s.Owner, s.Shard.Digest))] : [],
                };
            case RestoreShard e:
                foreach (var shard in _shards.Where(s => s.Key.Generation == e.Generation)) shard.Value.RestoreBest();
                return new ShardRestored(e.Generation);
            case ShowShard e: return new ShardRestored(e.Generation);
            default: throw new InvalidOperationException($"{effect}");
        }
    }

    private ToyShard Shard(Generation generation) => _shards[(generation, index)];

    private void Load(Generation generation, int owner, ParameterShard range, IReadOnlyList<HandShard> handed)
    {
        var shard = new ToyShard(range);
        foreach (HandShard part in handed) shard.Take(part);
        _shards[(generation, owner)] = shard;
    }

    private GradientsCombined Combine(CombineGradients e)
    {
        ParameterShard shard = Shard(e.Generation).Range;
        _root = Sum(new Subtree(0, plan.Slices), e.Contributions, shard)!;
        (int[] blocks, double[] squared) = _root.Norms(shard);
        double[] sums = e.Leads ? [.. Enumerable.Range(0, 3).Select(i => e.Contributions.Sum(c => c.Sums.Span[i]))] : [];
        return new GradientsCombined(e.Generation, e.Step, new SegmentNorms(blocks, squared), sums)
        {
            Root = e.KeepsRoot ? _root.ToGradient(1000).Cut(shard.Offset, shard.End) : null,
        };
    }

    private static ToyGradient? Sum(Subtree node, IReadOnlyList<PushGradient> contributions, ParameterShard shard)
    {
        if (contributions.FirstOrDefault(c => c.Subtree == node) is { } whole) return ToyGradient.Of(whole.Gradient, shard);
        if (!contributions.Any(c => c.Subtree.First < node.End && node.First < c.Subtree.End)) return null;
        ToyGradient? left = Sum(node.Left, contributions, shard), right = Sum(node.Right, contributions, shard);
        if (left is null || right is null) return left ?? right;
        left.Add(right);
        return left;
    }
}
