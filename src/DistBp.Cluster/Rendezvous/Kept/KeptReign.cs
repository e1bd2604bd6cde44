using DistBp.Cluster.Wire.Akka;
using Google.Protobuf;

namespace DistBp.Cluster.Rendezvous.Kept;

/// <summary>
/// A reign whose state is kept in copies: asks the keepers what the reigns before have left, claims a term above all of them, and has each change kept by enough
/// of them. Who reigns alone is not decided here: another one may have begun since, and then keepers say so.
/// </summary>
/// <param name="send">To a keeper; may be lost: what is not answered is sent again.</param>
/// <param name="now">A timestamp.</param>
/// <param name="begun">Given the term, and what there is, once enough keepers follow the reign.</param>
/// <param name="held">Told each time that enough of them have followed, with the time at which they were asked.</param>
internal sealed class KeptReign<TKeeper>(
    Action<TKeeper, IMessage> send, Func<long> now, Action<long, IReadOnlyDictionary<string, byte[]>> begun, Action<long> held)
    where TKeeper : notnull
{
    private readonly StateCensus<TKeeper> _census = new();
    private readonly Dictionary<string, Keeping<TKeeper>> _kept = [];
    private Keeping<TKeeper>? _claim;
    private long _term, _number;

    /// <summary>At each interval: what is lacking is asked for, and the reign's claim renewed.</summary>
    public void OnTick(Keepers<TKeeper> keepers)
    {
        if (_claim is null)
        {
            foreach (TKeeper keeper in keepers.Up.Where(_census.Lacks)) send(keeper, new StateSought());
            return;
        }
        foreach (Keeping<TKeeper> keeping in All())
        {
            foreach (TKeeper keeper in keepers.Up.Where(keeping.Lacks)) send(keeper, keeping.Message);
            keeping.Judge(keepers);
        }
        if (_claim.IsKept) Claim(keepers);
    }

    public void OnSummary(TKeeper keeper, KeptSummary summary, Keepers<TKeeper> keepers)
    {
        _census.Add(keeper, summary);
        BeginWhenDue(keepers);
    }

    public void OnValue(TKeeper keeper, KeptValue value, Keepers<TKeeper> keepers)
    {
        _census.Add(keeper, value);
        BeginWhenDue(keepers);
    }

    /// <exception cref="ReignEndedException">Another reign has begun.</exception>
    public void OnAnswer(TKeeper keeper, KeepingAnswer answer, Keepers<TKeeper> keepers)
    {
        if (answer.Term > _term) throw new ReignEndedException($"Reign {answer.Term} has begun after reign {_term}.");
        foreach (Keeping<TKeeper> keeping in All().Where(k => k.Number == answer.Number)) keeping.Answer(keeper, keepers);
    }

    public void OnChange(StateChange change, Keepers<TKeeper> keepers) => Keep(change.Name, change.Value, () => change.Done.TrySetResult(), keepers);

    private void BeginWhenDue(Keepers<TKeeper> keepers)
    {
        if (_claim is not null || !_census.IsTaken(keepers)) return;
        _term = _census.Term + 1;
        IReadOnlyDictionary<string, byte[]> values = _census.Result();
        // Keepers take values of a reign that they follow alone: the claim goes first, and these with the next tick.
        foreach ((string name, byte[] value) in values) Keep(name, value, () => { }, new Keepers<TKeeper>([], keepers.Unreachable));
        Claim(keepers, () => begun(_term, values));
    }

    private void Claim(Keepers<TKeeper> keepers, Action? first = null)
    {
        long since = now();
        string[] names = [.. _kept.Where(k => !((KeptValue)k.Value.Message).Deleted).Select(k => k.Key)];
        _claim = new Keeping<TKeeper>(++_number, new ReignHeld { Term = _term, Number = _number, Names = { names } }, () =>
        {
            first?.Invoke();
            held(since);
        });
        foreach (TKeeper keeper in keepers.Up) send(keeper, _claim.Message);
    }

    private void Keep(string name, byte[]? value, Action kept, Keepers<TKeeper> keepers)
    {
        // One that is replaced before it was kept is kept with the one that replaces it.
        Action all = _kept.TryGetValue(name, out Keeping<TKeeper>? before) && !before.IsKept ? before.Kept + kept : kept;
        var message = new KeptValue
        {
            Name = name, Term = _term, Number = ++_number, Value = value is null ? ByteString.Empty : ByteString.CopyFrom(value), Deleted = value is null,
        };
        _kept[name] = new Keeping<TKeeper>(_number, message, all);
        foreach (TKeeper keeper in keepers.Up) send(keeper, message);
    }

    /// <summary>The claim first: values are kept by those alone who follow it.</summary>
    private Keeping<TKeeper>[] All() => _claim is null ? [] : [_claim, .. _kept.Values];
}
