using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>
/// The shards of assignments that a server has, its own and copies of others': from those of the last assignment that all took up the next one's are made. It hands over what
/// others own from now on, and is handed what it owns itself, until all of that can be loaded.
/// </summary>
internal sealed class HeldShards(int index)
{
    private readonly List<HandShard> _handed = [];

    /// <summary>The last one that all members took up: from its shards the next one's are made.</summary>
    public Holding? Held { get; private set; }

    /// <summary>The one whose shard was loaded last.</summary>
    public Holding? Loaded { get; private set; }

    /// <summary>
    /// To each new owner, oneself too, what of the old shard he owns from now on; of a server that is lost the first of its backups that has it does it. And to oneself what
    /// new copies are made of, where all that belongs into them is here: others their owners fill.
    /// </summary>
    public void HandOver(Assign message, EffectList effects)
    {
        _handed.Clear();
        if (message.HeldBefore() is not { } before) return;
        if (message.Previous!.Generation == Loaded?.Assignment.Generation) Held = Loaded;
        if (message.Previous.Generation != Held?.Assignment.Generation) return;
        Assignment next = message.Assignment;
        int[] copied = next.HasServer(index) ? [.. next.BackedUpBy(index).Where(o => before.Covers(index, next.Shard(o)))] : [];
        foreach (int owner in before.Assignment.Servers.Where(o => before.Has(index, o)))
        {
            ParameterShard mine = before.Assignment.Shard(owner);
            IEnumerable<(int Server, ParameterShard Shard)> shards = copied.Select(o => (index, next.Shard(o)));
            if (before.Holder(owner) == index) shards = [.. next.Servers.Select(s => (s, next.Shard(s))), .. shards];
            foreach ((int server, ParameterShard shard) in shards)
            {
                ParameterShard range = mine.Overlap(shard);
                if (range.Count > 0) effects.Perform(new HandOver(message.Generation, before.Assignment.Generation, owner, server, range));
            }
        }
    }

    /// <returns>False where it is here already.</returns>
    public bool Take(HandShard part)
    {
        if (_handed.Exists(h => h.Range.Offset == part.Range.Offset)) return false;
        _handed.Add(part);
        return true;
    }

    /// <param name="copies">Those that are loaded with the shard.</param>
    /// <returns>False where something is still to come.</returns>
    public bool Load(Assignment assignment, IReadOnlyList<ShardCopy> copies, EffectList effects)
    {
        ParameterShard shard = assignment.Shard(index);
        if (_handed.Sum(h => h.Range.Count) < shard.Count + copies.Sum(c => c.Shard.Count)) return false;
        effects.Perform(new LoadShard(assignment.Generation, shard, [.. _handed]) { Copies = copies });
        return true;
    }

    /// <param name="unfilled">As of <see cref="Holding"/>.</param>
    public void EndLoading(Assignment assignment, IReadOnlyCollection<int> unfilled)
    {
        Loaded = new Holding(assignment, unfilled);
        _handed.Clear();
    }

    /// <summary>All have taken the assignment up: what is made of its shards now, those of the one before do not have.</summary>
    public void Keep(Generation generation, EffectList effects)
    {
        if (Held == Loaded) return;
        Held = Loaded;
        effects.Perform(new KeepShard(generation));
    }
}

/// <summary>What a server has of an assignment.</summary>
/// <param name="Unfilled">Servers whose shards are not wholly in the copies that are kept here.</param>
internal sealed record Holding(Assignment Assignment, IReadOnlyCollection<int> Unfilled);
