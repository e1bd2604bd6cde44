using DistBp.Cluster.Tests.Storage;
using DistBp.Cluster.Tuning;

namespace DistBp.Cluster.Tests.Tuning;

/// <summary>A search over the digits in a folder of its own, in one go or in pieces.</summary>
internal sealed class TuningProbe : ITuningObserver, IDisposable
{
    public const string Space = """
        optimizer.adam.rate: {log: [1e-4, 3e-1]}
        model.layers.0.dense: {int: [4, 32], log: true}
        batch: {choice: [64, 256]}
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _stop = new();

    public List<TrialOutcome> Told { get; } = [];

    public string Out => _folder["out"];

    public string Ledger => Path.Combine(Out, TrialLedger.FileName);

    /// <summary>The search is interrupted when it tells of this trial.</summary>
    public int StopAtTrial { get; set; } = -1;

    public async Task<TuningReport> RunAsync(Func<TuningOptions, TuningOptions> with, string space = Space, params string[] settings)
    {
        await File.WriteAllTextAsync(_folder["space.yaml"], space);
        var options = new TuningOptions(
            null, ["data.validation=0.2", "epochs=4", "model.layers.2.dense=16", .. settings], _folder["space.yaml"], SearchKind.Bayesian, "validationLoss")
        {
            OutFolder = Out, Resume = Directory.Exists(Out), Workers = 1,
        };
        return await TuningSession.RunAsync(with(options), this, _stop.Token).WaitAsync(TimeSpan.FromSeconds(100));
    }

    public void OnStarted(string job, string folder, int planned, int parallel, int earlier)
    {
    }

    public void OnTrial(TrialOutcome trial, TrialOutcome? best)
    {
        Told.Add(trial);
        if (trial.Trial == StopAtTrial) _stop.Cancel();
    }

    /// <summary>Everything but the time, which no two runs share.</summary>
    public static string[] Essence(IEnumerable<TrialOutcome> trials) =>
        [.. trials.Select(t => System.Text.Json.JsonSerializer.Serialize(t with { Seconds = 0 }, LedgerJson.Default.TrialOutcome))];

    public void Dispose()
    {
        _stop.Dispose();
        _folder.Dispose();
    }
}
