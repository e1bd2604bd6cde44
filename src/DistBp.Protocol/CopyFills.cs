using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>
/// A server's part in the copies of a generation that are filled while steps are made. An owner keeps a picture of its shard as it is after the generation's first step, which
/// nothing shall delay, and hands it over part by part: the next one when the last has arrived, so that the messages of steps find their way between them. What a backup is to do
/// with its copy meanwhile its host does when the copy is whole.
/// </summary>
/// <param name="partLength">Floats of a shard that go at once.</param>
internal sealed class CopyFills(int index, int partLength)
{
    private Assignment? _assignment;
    private bool _hasStarted, _hasPicture;

    /// <summary>By owner: so much of its shard is here. A new one in each generation: whoever holds <see cref="Unfilled"/> of one before sees how that one ended.</summary>
    private Dictionary<int, int> _arrived = [];

    /// <summary>By backup that lacks something still: how much it has said that it has, and how much it had when a part was sent last.</summary>
    private readonly Dictionary<int, (int Asked, int Sent)> _backups = [];

    /// <summary>Owners whose shards are not wholly here.</summary>
    public IReadOnlyCollection<int> Unfilled => _arrived.Keys;

    public void Begin(Assignment assignment, IReadOnlyList<CopyPlace> unfilled)
    {
        (_assignment, _hasStarted, _hasPicture) = (assignment, false, false);
        _arrived = unfilled.Where(c => c.Backup == index).ToDictionary(c => c.Owner, _ => 0);
        _backups.Clear();
        foreach (CopyPlace copy in unfilled.Where(c => c.Owner == index)) _backups[copy.Backup] = (-1, -1);
    }

    /// <summary>The generation's first step is made. The picture is taken before the next one: effects are performed in their order.</summary>
    public void Start(EffectList effects)
    {
        _hasStarted = true;
        foreach (int owner in _arrived.Keys)
        {
            effects.Perform(new BeginCopy(_assignment!.Generation, owner, _assignment.Shard(owner)));
            effects.Send(Address.Server(owner), new CopyProgressed(_assignment.Generation, index, 0));
        }
        if (_backups.Count == 0) return;
        _hasPicture = true;
        effects.Perform(new KeepPicture(_assignment!.Generation));
        HandDue(effects);
    }

    public bool IsFilled(int owner) => !_arrived.ContainsKey(owner);

    /// <summary>Whether the step under way is to be made with the copy: now, or when it is whole. The first one is in the picture.</summary>
    public bool Follows(int owner) => _hasStarted || IsFilled(owner);

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

    /// <summary>Whether the owner's shard is whole with this part. One that arrives again is ignored.</summary>
    public bool Take(int owner, HandShard part, EffectList effects)
    {
        (ParameterShard shard, int arrived) = (_assignment!.Shard(owner), _arrived[owner]);
        if (part.Range.Offset != shard.Offset + arrived) return false;
        arrived += part.Range.Count;
        if (arrived == shard.Count) _arrived.Remove(owner);
        else _arrived[owner] = arrived;
        effects.Perform(new FillCopy(owner, part, IsFilled(owner)));
        effects.Send(Address.Server(owner), new CopyProgressed(part.Generation, index, arrived));
        if (IsFilled(owner)) effects.Send(Address.Coordinator, new CopyFilled(part.Generation, index, owner));
        return IsFilled(owner);
    }

    /// <summary>A backup has so much of this server's shard. What arrives again says nothing new; what comes before there is a picture waits.</summary>
    public void Progress(CopyProgressed message, EffectList effects)
    {
        if (!_backups.TryGetValue(message.Backup, out (int Asked, int Sent) at) || message.Arrived <= at.Asked) return;
        if (message.Arrived < _assignment!.Shard(index).Count) _backups[message.Backup] = (message.Arrived, at.Sent);
        else _backups.Remove(message.Backup);
        if (!_hasPicture) return;
        HandDue(effects);
        if (_backups.Count == 0) effects.Perform(new DropPicture(message.Generation));
    }

    private void HandDue(EffectList effects)
    {
        ParameterShard shard = _assignment!.Shard(index);
        foreach ((int backup, (int asked, int sent)) in _backups.ToList())
        {
            if (asked == sent) continue;
            effects.Perform(new HandPicture(_assignment.Generation, backup, new ParameterShard(shard.Offset + asked, Math.Min(partLength, shard.Count - asked))));
            _backups[backup] = (asked, asked);
        }
    }
}
