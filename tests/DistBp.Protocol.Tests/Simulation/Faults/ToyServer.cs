using DistBp.Learning;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>Hosts a server's machine: performs its effects with the toy's arithmetic. Its memory goes with it.</summary>
/// <param name="partLength">See <see cref="ParameterServer"/>.</param>
internal sealed class ToyServer(int index, TrainingPlan plan, int partLength) : IToyMember
{
    private readonly Dictionary<(Generation Generation, int Owner), ToyShard> _shards = [];
    private readonly Dictionary<(Generation Generation, int Owner), (ToyShard Shard, List<Action<ToyShard>> Due)> _filling = [];
    private readonly Dictionary<Generation, ToyShard> _pictures = [];

    /// <summary>What was sent last, and its tensor: each worker gets the same.</summary>
    private (ShardCommitted? Message, float[] Tensor) _announced = (null, []);

    public ParameterServer Machine { get; } = new(index, plan.Consistency, partLength);

    public Address Address => Address.Server(index);

    public void Step(Message message, EffectList effects) => Machine.Step(message, effects);

    public string Describe() => Machine.Describe();

    /// <summary>A copy at the moment of sending: what a transport carries.</summary>
    public float[]? TensorOf(Message message) => message switch
    {
        ShardCommitted m => Announced(m),
        ShardCaptured { Target: CaptureTarget.Checkpoint } m => [Shard(m.Generation).Range.Offset, .. Shard(m.Generation).Parameters, .. Shard(m.Generation).State],
        ShardCaptured { Target: CaptureTarget.KeptBest } m => [Shard(m.Generation).Range.Offset, .. Shard(m.Generation).Best],
        ShardCaptured m => [Shard(m.Generation).Range.Offset, .. Shard(m.Generation).Parameters],
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
                foreach (ShardCopy other in e.Copies) Load(e.Generation, other.Owner, other.Shard, e.Handed);
                return new ShardLoaded(e.Generation);
            case BeginCopy e:
                _filling[(e.Generation, e.Owner)] = (new ToyShard(e.Shard), []);
                return null;
            case KeepPicture e:
                _pictures[e.Generation] = new ToyShard(Shard(e.Generation).Range);
                _pictures[e.Generation].Take(Shard(e.Generation).Hand(e.Generation, Shard(e.Generation).Range));
                return null;
            case HandPicture e:
                send(Address.Server(e.Backup), _pictures[e.Generation].Hand(e.Generation, e.Range));
                return null;
            case DropPicture e:
                _pictures.Remove(e.Generation);
                return null;
            case FillCopy e:
                Fill(e);
                return null;
            case HandOver e:
                send(Address.Server(e.Server), _shards[(e.From, e.Owner)].Hand(e.Generation, e.Range));
                return null;
            case KeepShard e:
                foreach ((Generation Generation, int Owner) other in _shards.Keys.Where(k => k.Generation != e.Generation).ToList()) _shards.Remove(other);
                foreach ((Generation Generation, int Owner) other in _filling.Keys.Where(k => k.Generation != e.Generation).ToList()) _filling.Remove(other);
                foreach (Generation other in _pictures.Keys.Where(g => g != e.Generation).ToList()) _pictures.Remove(other);
                return null;
            case CombineGradients e: return Combine(e);
            case FollowUpdate e:
                // The norms are the next step's soon.
                double normOfStep = NormOf(e.Update);
                Follow((e.Update.Generation, e.Owner.Server), copy =>
                {
                    copy.Root.Set(e.Owner.Root);
                    ToyProblem.Update(copy, copy.Root, normOfStep, e.Update.RateFactor);
                });
                return null;
            case ApplyUpdate e:
                double norm = NormOf(e);
                ToyProblem.Update(Shard(e.Generation), Shard(e.Generation).Root, norm, e.RateFactor);
                return new UpdateApplied(e.Generation, e.Step, norm > 1);
            case ShareShard e:
                send(Address.Worker(e.Worker), new ShardRead(e.Generation, index, e.Step, e.Version, (float[])[.. Shard(e.Generation).Parameters]));
                return null;
            case CopyShard e:
                List<(int Owner, ToyShard Shard)> all = [.. _shards.Where(s => s.Key.Generation == e.Generation).Select(s => (s.Key.Owner, s.Value))];
                if (e.Target == CaptureTarget.Best)
                {
                    all.ForEach(s => s.Shard.KeepBest());
                    foreach (var filling in _filling.Where(f => f.Key.Generation == e.Generation)) filling.Value.Due.Add(s => s.KeepBest());
                }
                return new ShardCopied(e.Generation, e.Target, e.Version)
                {
                    Digests = e.Digests ? [.. all.Select(s => new ShardDigest(s.Owner, s.Shard.Digest))] : [],
                };
            case RestoreShard e:
                foreach (var shard in _shards.Where(s => s.Key.Generation == e.Generation)) shard.Value.RestoreBest();
                foreach (var filling in _filling.Where(f => f.Key.Generation == e.Generation)) filling.Value.Due.Add(s => s.RestoreBest());
                return new ShardRestored(e.Generation);
            case ShowShard e: return new ShardRestored(e.Generation);
            default: throw new InvalidOperationException($"{effect}");
        }
    }

    private static double NormOf(ApplyUpdate update)
    {
        double sum = 0;
        foreach (SegmentNorms norms in update.Norms)
        {
            foreach (double squared in norms.Squared.Span) sum += squared;
        }
        return Math.Sqrt(sum);
    }

    private ToyShard Shard(Generation generation) => _shards[(generation, index)];

    private void Load(Generation generation, int owner, ParameterShard range, IReadOnlyList<HandShard> handed)
    {
        var shard = new ToyShard(range);
        foreach (HandShard part in handed) shard.Take(part);
        _shards[(generation, owner)] = shard;
    }

    /// <summary>At once, or when it is whole.</summary>
    private void Follow((Generation Generation, int Owner) copy, Action<ToyShard> step)
    {
        if (_filling.TryGetValue(copy, out (ToyShard Shard, List<Action<ToyShard>> Due) filling)) filling.Due.Add(step);
        else step(_shards[copy]);
        // And in eight steps the best epoch's parameters are kept twice, and brought back once.
        Assert.InRange(filling.Due?.Count ?? 0, 0, ParameterServer.MaxStepsAhead + 3);
    }

    private void Fill(FillCopy e)
    {
        (ToyShard copy, List<Action<ToyShard>> due) = _filling[(e.Part.Generation, e.Owner)];
        copy.Take(e.Part);
        if (!e.IsLast) return;
        due.ForEach(what => what(copy));
        _filling.Remove((e.Part.Generation, e.Owner));
        _shards[(e.Part.Generation, e.Owner)] = copy;
    }

    private float[] Announced(ShardCommitted message)
    {
        if (!ReferenceEquals(_announced.Message, message)) _announced = (message, [Shard(message.Generation).Range.Offset, .. Shard(message.Generation).Parameters]);
        return _announced.Tensor;
    }

    private GradientsCombined Combine(CombineGradients e)
    {
        ToyShard shard = Shard(e.Generation);
        Assert.True(Sum(shard, new Subtree(0, plan.Slices), e.Contributions, depth: 0));
        (int[] blocks, double[] squared) = shard.Root.Norms();
        double[] sums = e.Leads ? [.. Enumerable.Range(0, 3).Select(i => e.Contributions.Sum(c => c.Sums.Span[i]))] : [];
        return new GradientsCombined(e.Generation, e.Step, new SegmentNorms(blocks, squared), sums) { Root = e.KeepsRoot ? shard.Root.ToPart() : null };
    }

    /// <summary>What is there of a node's slices, along the tree. False: nothing is.</summary>
    private static bool Sum(ToyShard shard, Subtree node, IReadOnlyList<PushGradient> contributions, int depth)
    {
        bool any = false;
        foreach (PushGradient push in contributions)
        {
            if (push.Subtree == node)
            {
                shard.Sum(depth).Set(push.Gradient);
                return true;
            }
            any |= push.Subtree.First < node.End && node.First < push.Subtree.End;
        }
        if (!any) return false;
        if (!Sum(shard, node.Left, contributions, depth)) return Sum(shard, node.Right, contributions, depth);
        if (Sum(shard, node.Right, contributions, depth + 1)) shard.Sum(depth).Add(shard.Sum(depth + 1));
        return true;
    }
}
