using DistBp.Cluster.Wire.Akka;

namespace DistBp.Cluster.Rendezvous.Kept;

/// <summary>What the keepers say that they have, until enough have said it: then what the reigns before have left.</summary>
internal sealed class StateCensus<TKeeper>
    where TKeeper : notnull
{
    private readonly Dictionary<TKeeper, KeptSummary> _summaries = [];
    private readonly Dictionary<TKeeper, Dictionary<string, KeptValue>> _values = [];

    /// <summary>Of all that any keeper has heard of.</summary>
    public long Term => _summaries.Values.Max(s => s.Term);

    public void Add(TKeeper keeper, KeptSummary summary) => (_summaries[keeper], _values[keeper]) = (summary, []);

    public void Add(TKeeper keeper, KeptValue value)
    {
        if (_values.TryGetValue(keeper, out Dictionary<string, KeptValue>? values)) values[value.Name] = value;
    }

    public bool Lacks(TKeeper keeper) => !_summaries.TryGetValue(keeper, out KeptSummary? summary) || _values[keeper].Count < summary.Values;

    public bool IsTaken(Keepers<TKeeper> keepers) => keepers.AreMet(_summaries.Keys.Where(k => !Lacks(k)).ToHashSet());

    /// <summary>
    /// Who has missed the newest reign has values that may have been taken back since: only names that those who follow it know of count. Of a name the newest
    /// value counts, whoever has it.
    /// </summary>
    public IReadOnlyDictionary<string, byte[]> Result()
    {
        HashSet<string> names = [.. _summaries.Values.Where(s => s.Term == Term).SelectMany(s => s.Names)];
        return _values.Values.SelectMany(v => v.Values).Where(v => names.Contains(v.Name)).GroupBy(v => v.Name)
            .Select(g => g.MaxBy(v => (v.Term, v.Number))!).Where(v => !v.Deleted).ToDictionary(v => v.Name, v => v.Value.ToByteArray());
    }
}
