namespace DistBp.Cluster.Tuning;

/// <summary>
/// The trials that are over. They reach the ledger and the observer in the order of their numbers: one that was faster than the one before it
/// waits for it. Of the runs, only the best one's folder stays.
/// </summary>
internal sealed class TrialResults
{
    private readonly SortedDictionary<int, TrialOutcome> _trials = [];
    private readonly SortedDictionary<int, TrialOutcome> _waiting = [];
    private readonly TrialLedger _ledger;
    private readonly TuningMetric _metric;
    private readonly TrialRunner _runner;
    private readonly ITuningObserver _observer;
    private readonly Action<TrialOutcome> _onBest;

    public TrialResults(TrialLedger ledger, TuningMetric metric, TrialRunner runner, ITuningObserver observer, Action<TrialOutcome> onBest)
    {
        (_ledger, _metric, _runner, _observer, _onBest) = (ledger, metric, runner, observer, onBest);
        foreach (TrialOutcome trial in ledger.Trials) _trials[trial.Trial] = trial;
        Best = TrialRanking.Best(_trials.Values, metric);
        // The last time may have ended between the line in the ledger and what follows from it.
        if (Best is not null) onBest(Best);
    }

    public TrialOutcome? Best { get; private set; }

    public int Count => _trials.Count;

    public IReadOnlyList<TrialOutcome> InOrder() => [.. _trials.Values];

    public bool IsOver(int trial) => _trials.ContainsKey(trial) || _waiting.ContainsKey(trial);

    /// <summary>Whether all trials up to this one are over.</summary>
    public bool AreOver(int trial) => trial <= 0 || Enumerable.Range(1, trial).All(_trials.ContainsKey);

    /// <summary>The trials up to this one, which are over.</summary>
    public IReadOnlyList<TrialOutcome> UpTo(int trial) => trial <= 0 ? [] : [.. Enumerable.Range(1, trial).Select(t => _trials[t])];

    public void Add(TrialOutcome outcome)
    {
        _waiting[outcome.Trial] = outcome;
        while (_waiting.Count > 0 && AreOver(_waiting.Keys.First() - 1)) Accept(_waiting.Keys.First());
    }

    /// <summary>The search ends: what is over is kept, though a trial before it is not.</summary>
    public void Flush()
    {
        while (_waiting.Count > 0) Accept(_waiting.Keys.First());
    }

    private void Accept(int trial)
    {
        _waiting.Remove(trial, out TrialOutcome? outcome);
        _trials[trial] = outcome!;
        _ledger.Append(outcome!);
        TrialOutcome? before = Best;
        Best = TrialRanking.Best(_trials.Values, _metric);
        if (Best is not null && Best != before) _onBest(Best);
        if (before is not null && Best != before) _runner.Delete(before.Trial);
        if (Best?.Trial != trial) _runner.Delete(trial);
        _observer.OnTrial(outcome!, Best);
    }
}
