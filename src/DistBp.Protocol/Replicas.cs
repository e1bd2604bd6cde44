using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>A server's part in the copies of a generation's shards: who has acknowledged its own gradient of the step under way, and what it has of others' for the copies that it keeps.</summary>
internal sealed class Replicas
{
    private readonly List<ReplicateGradient> _kept = [];
    private readonly HashSet<int> _acknowledged = [];

    /// <summary>Who keeps copies of this server's shard.</summary>
    public IReadOnlyList<int> Backups { get; private set; } = [];

    /// <summary>Whose shards this server keeps copies of.</summary>
    public IReadOnlyList<int> Owners { get; private set; } = [];

    public void Begin(Assignment assignment, int server)
    {
        (Backups, Owners) = (assignment.Backups(server), assignment.BackedUpBy(server));
        _kept.Clear();
        _acknowledged.Clear();
    }

    /// <summary>An owner may be ahead by one step: it has heard of this one's last norms, and this server not yet of another's.</summary>
    /// <returns>False where the gradient is of a step that is over.</returns>
    public bool Keep(ReplicateGradient gradient, long step)
    {
        if (gradient.Step < step || gradient.Step > step + 1 || !Owners.Contains(gradient.Server)) return false;
        if (!_kept.Exists(k => k.Server == gradient.Server && k.Step == gradient.Step)) _kept.Add(gradient);
        return true;
    }

    /// <summary>Of steps that are not made yet.</summary>
    public IEnumerable<ReplicateGradient> KeptOf(int owner) => _kept.Where(k => k.Server == owner);

    /// <returns>Whether all backups have the gradient now, and not all had it before.</returns>
    public bool Acknowledge(int backup) => Backups.Contains(backup) && _acknowledged.Add(backup) && _acknowledged.Count == Backups.Count;

    /// <summary>Null: it has not come.</summary>
    public ReplicateGradient? Of(int owner, long step)
    {
        // By index: a predicate would be garbage in each step, also where nothing is kept.
        for (int i = 0; i < _kept.Count; i++)
        {
            if (_kept[i].Server == owner && _kept[i].Step == step) return _kept[i];
        }
        return null;
    }

    /// <summary>One of each owner: whoever decides a step has the norms of all, and they were shared after this server had acknowledged.</summary>
    public IReadOnlyList<ReplicateGradient> Of(long step)
    {
        if (Owners.Count == 0) return [];
        var gradients = new ReplicateGradient[Owners.Count];
        for (int i = 0; i < gradients.Length; i++)
        {
            gradients[i] = Of(Owners[i], step)
                ?? throw new InvalidOperationException($"Server {Owners[i]} has shared its norms of step {step} before its backup had its gradient.");
        }
        return gradients;
    }

    /// <summary>The next step is <paramref name="step"/>.</summary>
    public void Advance(long step)
    {
        for (int i = _kept.Count - 1; i >= 0; i--)
        {
            if (_kept[i].Step < step) _kept.RemoveAt(i);
        }
        if (Backups.Count > 0) _acknowledged.Clear();
    }
}
