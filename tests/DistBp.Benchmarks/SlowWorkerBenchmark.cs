using System.Diagnostics;
using System.Globalization;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;

namespace DistBp.Benchmarks;

/// <summary>
/// One of four workers is slow: how long until the mean loss of the last steps is below a goal, in each mode of consistency. Every worker waits by a timer after each
/// gradient, as slower machines would, and the slow one five times as long: so that few cores show what many machines would.
/// </summary>
internal static class SlowWorkerBenchmark
{
    private const int Workers = 4;
    private const int Milliseconds = 4;
    private const int Slowness = 5;
    private const double Goal = 0.3;
    private const int Window = 10;

    private const string Job = """
        data: {format: digits, preprocess: [{divide: 16}]}
        model: {layers: [{dense: 64}, relu, {dense: 10}]}
        loss: softmaxCrossEntropy
        optimizer: {sgd: {rate: 0.1}}
        batch: 32
        slices: 4
        epochs: 40
        """;

    private static readonly string[] s_modes = ["bsp", "{bsp: {backupWorkers: 1}}", "{ssp: {staleness: 3}}", "async", "{localSgd: {steps: 8}}"];

    public static async Task RunAsync(int repetitions)
    {
        Console.WriteLine($"digits 64-64-10, batch 32, {Workers} workers that take {Milliseconds} ms a gradient, one {Slowness * Milliseconds} ms; until the loss is below {Goal}; medians of {repetitions}");
        Console.WriteLine("| consistency | seconds, none slow | seconds, one slow | steps, one slow | staleness, mean and most |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (string mode in s_modes)
        {
            Measured even = await MedianAsync(mode, 1, repetitions), slow = await MedianAsync(mode, Slowness, repetitions);
            string staleness = slow.Staleness is { } s ? string.Create(CultureInfo.InvariantCulture, $"{s.Mean:F2}, {s.Maximum}") : "0, 0";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {mode} | {even.Seconds:F2} | {slow.Seconds:F2} | {slow.Steps} | {staleness} |"));
        }
    }

    private static async Task<Measured> MedianAsync(string mode, int slowness, int repetitions)
    {
        var measured = new List<Measured>();
        for (int i = 0; i < repetitions; i++) measured.Add(await MeasureAsync(mode, slowness));
        return measured.OrderBy(m => m.Seconds).ElementAt(repetitions / 2);
    }

    private static async Task<Measured> MeasureAsync(string mode, int slowness)
    {
        Environment.SetEnvironmentVariable(WorkerSlowness.Variable, string.Join(',', Enumerable.Range(0, Workers).Select(w => $"{w}:{Milliseconds * (w == 0 ? slowness : 1)}")));
        DirectoryInfo folder = Directory.CreateTempSubdirectory("distbp-slow-");
        using var watch = new Watch();
        try
        {
            JobDescription job = JobFile.Parse(Job, "the benchmark's job", [$"consistency={mode}"], "slow", folder.FullName);
            var options = new TrainingOptions { Workers = Workers, Servers = 2, OutFolder = Path.Combine(folder.FullName, "run") };
            await TrainingSession.RunAsync(job, options, [watch], watch.Stop);
            return watch.Measured ?? throw new InvalidOperationException($"{mode} does not come to a loss of {Goal} in {job.Epochs} epochs.");
        }
        finally
        {
            Environment.SetEnvironmentVariable(WorkerSlowness.Variable, null);
            folder.Delete(recursive: true);
        }
    }

    private sealed record Measured(double Seconds, long Steps, StalenessFigures? Staleness);

    /// <summary>Ends the run when the goal is reached.</summary>
    private sealed class Watch : IRunObserver, IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Queue<double> _losses = [];
        private long _begin;
        private (double Seconds, long Steps)? _reached;
        private StalenessFigures? _staleness;

        public CancellationToken Stop => _stop.Token;

        public Measured? Measured => _reached is { } reached ? new Measured(reached.Seconds, reached.Steps, _staleness) : null;

        public void Dispose() => _stop.Dispose();

        public void OnStarted(RunStarted started) => _begin = Stopwatch.GetTimestamp();

        public void OnStep(in StepFigures step)
        {
            _losses.Enqueue(step.Loss);
            if (_losses.Count > Window) _losses.Dequeue();
            if (_reached is not null || _losses.Count < Window || _losses.Average() > Goal) return;
            _reached = (Stopwatch.GetElapsedTime(_begin).TotalSeconds, step.Step);
            _ = _stop.CancelAsync();
        }

        public void OnEpoch(EpochFigures epoch) => _staleness = epoch.Staleness;

        public void OnCheckpoint(CheckpointFigures checkpoint)
        {
        }

        public void OnWarning(string text)
        {
        }

        public void OnEnded(RunResult result)
        {
        }
    }
}
