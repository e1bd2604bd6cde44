using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>
/// A server's part in the copies of a generation that are filled while steps are made. An owner keeps its shard as it was before the generation's first step, and hands it over
/// part by part: the next one when the last has arrived, so that the messages of steps find their way between them. What a backup gets of steps meanwhile waits until its copy
/// is whole.
/// </summary>
/// <param name="partLength">Floats of a shard that go at once.</param>
internal sealed class CopyFills(int partLength)
{
    private Assignment? _assignment;
    private int _server;

    /// <summary>By owner: so much of its shard is here. A new one in each generation: whoever holds <see cref="Unfilled"/> of one before sees how that one ended.</summary>
    private Dictionary<int, int> _arrived = [];

    /// <summary>By backup that lacks something still: how much it has said that it has, and how much it had when a part was sent last.</summary>
    private readonly Dictionary<int, (int Asked, int Sent)> _backups = [];

    /// <summary>Owners whose shards are not wholly here.</summary>
    public IReadOnlyCollection<int> Unfilled => _arrived.Keys;

    /// <summary>Whether a backup lacks something of this server's shard.</summary>
    public bool IsSource => _backups.Count > 0;

    public void Begin(Assignment assignment, int server, IReadOnlyList<CopyPlace> unfilled)
    {
        (_assignment, _server) = (assignment, server);
        _arrived = unfilled.Where(c => c.Backup == server).ToDictionary(c => c.Owner, _ => 0);
        _backups.Clear();
        foreach (CopyPlace copy in unfilled.Where(c => c.Owner == server)) _backups[copy.Backup] = (-1, -1);
    }

    public bool IsFilled(int owner) => !_arrived.ContainsKey(owner);

    /// <summary>Whose shard it is a part of, where that is being filled; null: the part is of something else.</summary>
    public int? OwnerOf(HandShard part)
    {
        foreach (int owner in _arrived.Keys)
        {
            ParameterShard shard = _assignment!.Shard(owner);
            if (shard.Offset <= part.Range.Offset && part.Range.End <= shard.End) return owner;
        }
        return null;
    }

    /// <summary>How much of the owner's shard is here with the part; null where it is not the next one.</summary>
    public int? Take(int owner, HandShard part)
    {
        int arrived = _arrived[owner];
        ParameterShard shard = _assignment!.Shard(owner);
        if (part.Range.Offset != shard.Offset + arrived) return null;
        arrived += part.Range.Count;
        if (arrived == shard.Count) _arrived.Remove(owner);
        else _arrived[owner] = arrived;
        return arrived;
    }

    /// <summary>The backup has so much of this server's shard. One that arrives again says nothing new.</summary>
    public void Ask(CopyProgressed message)
    {
        if (!_backups.TryGetValue(message.Backup, out (int Asked, int Sent) at) || message.Arrived <= at.Asked) return;
        if (message.Arrived == _assignment!.Shard(_server).Count) _backups.Remove(message.Backup);
        else _backups[message.Backup] = (message.Arrived, at.Sent);
    }

    /// <summary>The parts that are to be sent now.</summary>
    public List<(int Backup, ParameterShard Part)> TakeDue()
    {
        var due = new List<(int, ParameterShard)>();
        foreach ((int backup, (int asked, int sent)) in _backups)
        {
            if (asked == sent) continue;
            ParameterShard shard = _assignment!.Shard(_server);
            due.Add((backup, new ParameterShard(shard.Offset + asked, Math.Min(partLength, shard.Count - asked))));
        }
        foreach ((int backup, _) in due) _backups[backup] = (_backups[backup].Asked, _backups[backup].Asked);
        return due;
    }
}
