using DistBp.Learning.Data;

namespace DistBp.Cluster.Runs.Audits;

/// <summary>
/// Which slices of which mini-batches of one epoch were applied, and from that which samples: a number a slice, and a byte a sample while it
/// is judged. One is used for one epoch after the other.
/// </summary>
/// <param name="order">Of the run's samples.</param>
internal sealed class EpochCoverage(MiniBatchGeometry geometry, ISampleOrder order)
{
    /// <summary>Named in a fault.</summary>
    private const int MostNamed = 5;

    /// <summary>Of slices that were applied again, so many are kept with their versions; the others are counted.</summary>
    private const int MostRepeatedKept = 1000;

    // The version that applied the slice first; 0: none. Versions start at 1.
    private readonly long[] _versions = new long[(long)geometry.StepsPerEpoch * geometry.Slices];
    private readonly byte[] _times = new byte[(long)geometry.StepsPerEpoch * geometry.Slices];
    private readonly Dictionary<int, List<long>> _again = [];
    private readonly Dictionary<int, string> _leftOut = [];
    private readonly byte[] _samples = new byte[geometry.SampleCount];

    /// <summary>From 0.</summary>
    public int Epoch { get; private set; }

    /// <summary>Samples applied so far, each as often as it was.</summary>
    public long Applied { get; private set; }

    public MiniBatchGeometry Geometry => geometry;

    public void Begin(int epoch)
    {
        Epoch = epoch;
        Applied = 0;
        Array.Clear(_versions);
        Array.Clear(_times);
        _again.Clear();
        _leftOut.Clear();
    }

    /// <param name="step">Within the epoch.</param>
    public void Apply(int step, int firstSlice, int sliceCount, long version)
    {
        for (int slice = firstSlice; slice < firstSlice + sliceCount; slice++)
        {
            int cell = (step * geometry.Slices) + slice;
            Applied += geometry.SliceRange(step, slice).Count;
            if (_times[cell] < byte.MaxValue) _times[cell]++;
            if (_versions[cell] == 0)
                _versions[cell] = version;
            else if (_again.TryGetValue(cell, out List<long>? versions) && versions.Count < MostRepeatedKept)
                versions.Add(version);
            else if (_again.Count < MostRepeatedKept)
                _again.TryAdd(cell, [version]);
        }
    }

    /// <param name="step">Within the epoch.</param>
    public void LeaveOut(int step, string why) => _leftOut[step] = why;

    /// <summary>Recomputes the epoch's order and counts how often each sample was applied.</summary>
    /// <param name="whole">All of the epoch's steps were made: a sample that was not applied is missing.</param>
    public IEnumerable<AuditFault> Judge(bool whole)
    {
        Array.Clear(_samples);
        for (int step = 0; step < geometry.StepsPerEpoch; step++)
        {
            for (int slice = 0; slice < geometry.Slices; slice++)
            {
                byte times = _times[(step * geometry.Slices) + slice];
                if (times == 0) continue;
                foreach (int sample in order.Rows(Epoch, geometry.SliceRange(step, slice))) _samples[sample] = (byte)Math.Min(_samples[sample] + times, byte.MaxValue);
            }
        }
        if (whole && Fault(AuditFaultKind.Missing) is { } missing) yield return missing;
        if (Fault(AuditFaultKind.Repeated) is { } repeated) yield return repeated;
    }

    private AuditFault? Fault(AuditFaultKind kind)
    {
        long count = 0;
        foreach (byte times in _samples) count += IsFaulty(kind, times) ? 1 : 0;
        if (count == 0) return null;
        var first = new List<FaultySample>(MostNamed);
        for (int step = 0; step < geometry.StepsPerEpoch && first.Count < MostNamed; step++)
        {
            for (int slice = 0; slice < geometry.Slices && first.Count < MostNamed; slice++)
            {
                foreach (int sample in order.Rows(Epoch, geometry.SliceRange(step, slice)))
                {
                    if (IsFaulty(kind, _samples[sample]) && first.Count < MostNamed)
                        first.Add(new FaultySample(sample, StepOf(step), kind == AuditFaultKind.Missing ? Absence(step, slice) : Repetition(step, slice)));
                }
            }
        }
        return new AuditFault(kind, Epoch + 1, count, first);
    }

    private static bool IsFaulty(AuditFaultKind kind, byte times) => kind == AuditFaultKind.Missing ? times == 0 : times > 1;

    private string Absence(int step, int slice)
    {
        if (_leftOut.TryGetValue(step, out string? why)) return $"step {StepOf(step)} {why}";
        bool any = _times.AsSpan(step * geometry.Slices, geometry.Slices).ContainsAnyExcept((byte)0);
        return any ? $"slice {slice} of step {StepOf(step)} was left out" : $"step {StepOf(step)} is not in the ledger";
    }

    private string Repetition(int step, int slice)
    {
        int cell = (step * geometry.Slices) + slice;
        return _again.TryGetValue(cell, out List<long>? again)
            ? $"slice {slice} of step {StepOf(step)} in versions {string.Join(" and ", again.Prepend(_versions[cell]).Take(MostNamed))}"
            : $"slice {slice} of step {StepOf(step)}, {_times[cell]} times";
    }

    private long StepOf(int stepInEpoch) => ((long)Epoch * geometry.StepsPerEpoch) + stepInEpoch;
}
