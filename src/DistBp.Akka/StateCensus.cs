using Akka.Actor;
using Akka.Cluster;
using DistBp.Cluster.Wire.Akka;

namespace DistBp.Akka;

/// <summary>What the keepers say that they have, until enough have said it: then what the reigns before have left.</summary>
internal sealed class StateCensus
{
    private readonly Dictionary<UniqueAddress, KeptSummary> _summaries = [];
    private readonly Dictionary<UniqueAddress, Dictionary<string, KeptValue>> _values = [];

    public void Add(UniqueAddress keeper, KeptSummary summary)
    {
        _summaries[keeper] = summary;
        _values[keeper] = [];
    }

    public void Add(UniqueAddress keeper, KeptValue value)
    {
        if (_values.TryGetValue(keeper, out Dictionary<string, KeptValue>? values)) values[value.Name] = value;
    }

    public bool Lacks(UniqueAddress keeper) => !_summaries.TryGetValue(keeper, out KeptSummary? summary) || _values[keeper].Count < summary.Values;

    public bool IsTaken(Keepers keepers) => keepers.AreMet(_summaries.Keys.Where(k => !Lacks(k)).ToHashSet());

    /// <summary>Of all that any keeper has heard of.</summary>
    public long Term => _summaries.Values.Max(s => s.Term);

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
