using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Schedules;
using DistBp.Learning.Search;

namespace DistBp.Cluster.Tuning;

/// <param name="Curve">One point a step, until the loss flew off or the rates were through.</param>
/// <param name="DivergedAt">The rate at which the loss flew off; null: it did not.</param>
/// <param name="Interrupted">The curve ends where the user stopped it.</param>
public sealed record RateTestReport(
    RunStarted Started, IReadOnlyList<RatePoint> Curve, RateSuggestion Suggestion, double? DivergedAt, bool Interrupted);

/// <summary>
/// A learning-rate range test (see <see cref="RateCurve"/>): the job's own training, with a rate that grows from step to step, until the loss
/// flies off. It leaves nothing behind.
/// </summary>
public static class RateTest
{
    private const int LeastDefaultSteps = 200, MostDefaultSteps = 1000;

    /// <param name="steps">0: an epoch's, at least 200, at most 1,000.</param>
    /// <param name="workers">0: one a core.</param>
    /// <exception cref="UserException">Bad job or data, or a loss that is not finite from the beginning.</exception>
    public static async Task<RateTestReport> RunAsync(
        JobDescription job, double from, double to, int steps, int workers, IReadOnlyList<IRunObserver> observers, CancellationToken stop)
    {
        TrainingData data = DataLoader.Load(job.Data, job.Target, job.Seed, job.BaseFolder);
        int stepsPerEpoch = new MiniBatchGeometry(data.Train.Count, job.Batch, job.Slices).StepsPerEpoch;
        if (steps == 0) steps = Math.Clamp(stepsPerEpoch, LeastDefaultSteps, MostDefaultSteps);
        JobDescription ramp = job with
        {
            Optimizer = job.Optimizer with { Rate = from },
            Schedule = new RampSchedule(to / from, steps),
            Epochs = (steps + stepsPerEpoch - 1) / stepsPerEpoch,
            EarlyStopping = null,
        };
        string folder = Directory.CreateTempSubdirectory("distbp-find-rate-").FullName;
        try
        {
            using var recorder = new LossRecorder(steps, stop);
            var options = new TrainingOptions { Workers = workers, OutFolder = folder };
            var variant = new SessionVariant { Data = new TrainingData(data.Train, null, null, data.Schema), WritesCheckpoints = false };
            await TrainAsync(ramp, options, variant, [recorder, .. observers], recorder).ConfigureAwait(false);
            return recorder.Report(stop.IsCancellationRequested);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task TrainAsync(
        JobDescription job, TrainingOptions options, SessionVariant variant, IReadOnlyList<IRunObserver> observers, LossRecorder recorder)
    {
        try
        {
            await TrainingSession.RunAsync(job, options, variant, observers, recorder.Stop).ConfigureAwait(false);
        }
        catch (UserException e) when (e.Kind == ErrorKind.Diverged && recorder.HasCurve)
        {
            // What a range test is out for.
            recorder.OnDiverged();
        }
    }

    /// <summary>Notes rate and loss of each step, and stops the run when it has seen enough.</summary>
    private sealed class LossRecorder(int steps, CancellationToken user) : IRunObserver, IDisposable
    {
        private const int LeastPoints = 3;
        private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(user);
        private readonly List<(double Rate, double Loss)> _points = [];
        private readonly List<double> _losses = [];
        private RunStarted? _started;
        private double? _divergedAt;
        private bool _enough;

        public CancellationToken Stop => _stop.Token;

        public bool HasCurve => _points.Count >= LeastPoints;

        public RateTestReport Report(bool interrupted)
        {
            IReadOnlyList<RatePoint> curve = RateCurve.Smooth(_points);
            return new RateTestReport(_started!, curve, RateCurve.Suggest(curve), _divergedAt, interrupted);
        }

        /// <summary>The gradient stopped being finite before the loss told.</summary>
        public void OnDiverged() => _divergedAt ??= _points[^1].Rate;

        public void OnStarted(RunStarted started) => _started = started;

        public void OnStep(in StepFigures step)
        {
            if (_enough) return;
            _losses.Add(step.Loss);
            bool diverged = RateCurve.HasDiverged(_losses);
            // The loss at which the run ended may be of any size, or none: it is no part of the curve.
            if (diverged) _divergedAt = step.Rate;
            else _points.Add((step.Rate, step.Loss));
            if (!diverged && step.Step < steps) return;
            _enough = true;
            _stop.Cancel();
        }

        public void OnEpoch(EpochFigures epoch)
        {
        }

        public void OnCheckpoint(CheckpointFigures checkpoint)
        {
        }

        public void OnWarning(string text)
        {
        }

        public void OnEnded(RunResult result)
        {
        }

        public void Dispose() => _stop.Dispose();
    }
}
