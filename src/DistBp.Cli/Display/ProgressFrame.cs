using System.Diagnostics;
using DistBp.Cluster.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace DistBp.Cli.Display;

/// <summary>One picture of a run: what is trained, how far it is, the epochs so far. Fits into the terminal as it is now.</summary>
internal sealed class ProgressFrame(Profile profile)
{
    private const int HeaderLines = 8;
    private readonly SpeedMeter _speed = new(Stopwatch.GetTimestamp);

    /// <returns>Null before the run has started.</returns>
    public IRenderable? Draw(RunSnapshot run)
    {
        if (run.Started is not { } started) return null;
        (double samplesPerSecond, TimeSpan? left) = _speed.Measure(run);
        var parts = new List<IRenderable>
        {
            DrawHeader(started),
            Text.Empty,
            Progress(started, run, left),
            new Text(Figures(run, samplesPerSecond)),
        };
        if (run.RecentEpochs.Count > 0) parts.Add(DrawEpochs(run));
        return new Rows(parts);
    }

    public static Rows DrawHeader(RunStarted started) => new(
        new Text($"{started.Job.Name}: {RunText.Model(started)}", new Style(decoration: Decoration.Bold)),
        new Text($"{RunText.Samples(started)}; {RunText.Length(started)}; {RunText.Cluster(started)}"));

    /// <summary>As many of the last epochs as the terminal has lines for.</summary>
    public Table DrawEpochs(RunSnapshot run) =>
        EpochTable.Draw(run.RecentEpochs, run.Started!.Job.Epochs, profile.Width,
            Math.Max(1, profile.Height - HeaderLines - EpochTable.FrameLines));

    private Columns Progress(RunStarted started, RunSnapshot run, TimeSpan? left)
    {
        long step = Math.Max(run.Step.Step, started.StartStep);
        string epoch = $"epoch {Math.Max(1, run.Step.Epoch)}/{started.Job.Epochs}";
        string steps = $"step {NumberText.Count(step)}/{NumberText.Count(started.TotalSteps)}";
        string most = started.Job.EarlyStopping is null ? "" : "at most ";
        string time = left is { } known ? $"{most}{NumberText.Clock(known)} left" : "";
        int width = Math.Max(0, Math.Min(40, profile.Width - epoch.Length - steps.Length - time.Length - 8));
        var bar = new StepBar(started.TotalSteps == 0 ? 1 : (double)step / started.TotalSteps, width, profile.Capabilities.Unicode);
        return new Columns(new Text(epoch), bar, new Text(steps), new Text(time)) { Expand = false, Padding = new Padding(0, 0, 2, 0) };
    }

    private static string Figures(RunSnapshot run, double samplesPerSecond)
    {
        if (run.Step.Samples == 0) return "waiting for the first step";
        string accuracy = run.Accuracy is { } value ? $"accuracy {NumberText.Accuracy(value)}  " : "";
        return $"loss {NumberText.Real(run.Loss)}  {accuracy}rate {NumberText.Rate(run.Step.Rate)}  "
            + $"gradient norm {NumberText.Real(run.Step.GradientNorm)}  {NumberText.Count(samplesPerSecond)} samples/s";
    }
}
