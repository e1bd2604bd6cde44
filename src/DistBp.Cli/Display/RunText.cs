using System.Text;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning.Metrics;
using DistBp.Protocol.Effects;

namespace DistBp.Cli.Display;

/// <summary>What a run has to say, in words.</summary>
internal static class RunText
{
    private const int ShortHashLength = 12;

    public static string Start(RunStarted started) =>
        $"{started.Job.Name}: {Model(started)}; {Samples(started)}; {Cluster(started)}; {Length(started)}; {started.Folder}";

    /// <summary>"784-512-256-10 relu, 535,818 parameters".</summary>
    public static string Model(RunStarted started) =>
        $"{ModelText.Describe(started.Job.Model, started.SampleShape)}, {NumberText.Count(started.Parameters, "parameter")}";

    /// <summary>"1,438 training, 359 test samples".</summary>
    public static string Samples(RunStarted started)
    {
        string validation = started.ValidationSamples > 0 ? $", {NumberText.Count(started.ValidationSamples)} validation" : "";
        string test = started.TestSamples > 0 ? $", {NumberText.Count(started.TestSamples)} test" : "";
        return $"{NumberText.Count(started.TrainSamples)} training{validation}{test} samples";
    }

    /// <summary>"2 workers, 2 servers, 2 slices".</summary>
    public static string Cluster(RunStarted started) =>
        $"{NumberText.Count(started.Workers, "worker")}, {NumberText.Count(started.Servers, "server")}, "
        + NumberText.Count(started.Job.Slices, "slice");

    /// <summary>"40 epochs of 23 steps, resumed at step 230".</summary>
    public static string Length(RunStarted started)
    {
        string resumed = started.StartStep > 0 ? $", resumed at step {NumberText.Count(started.StartStep)}" : "";
        return $"{NumberText.Count(started.Job.Epochs, "epoch")} of {NumberText.Count(started.StepsPerEpoch, "step")}{resumed}";
    }

    public static string Epoch(EpochFigures epoch, int epochs)
    {
        var line = new StringBuilder($"epoch {epoch.Epoch}/{epochs}");
        Append(line, "", epoch.Train);
        if (epoch.Validation is { } validation) Append(line, "validation ", validation);
        line.Append($"  rate {NumberText.Rate(epoch.Rate)}");
        line.Append(epoch.IsTimed ? $"  {NumberText.Count(epoch.SamplesPerSecond)} samples/s  {NumberText.Duration(epoch.Time)}" : "  while there was no coordinator");
        if (epoch.Staleness is { } staleness) line.Append($"  staleness mean {NumberText.Real(staleness.Mean)}, at most {staleness.Maximum}");
        if (epoch.Note.Length > 0) line.Append($"  {epoch.Note}");
        return line.ToString();
    }

    public static string End(RunResult result, string folder)
    {
        string test = result.TestLoss is { } loss ? $"; test loss {NumberText.Real(loss)}" : "";
        string accuracy = result.TestAccuracy is { } value ? $", test accuracy {NumberText.Accuracy(value)}" : "";
        return $"{Status(result.Status)} after {NumberText.Count(result.Epochs, "epoch")}, {NumberText.Count(result.Steps, "step")}"
            + $" in {NumberText.Duration(TimeSpan.FromSeconds(result.WallSeconds))}{test}{accuracy}"
            + $"; weights {ShortHash(result.WeightsSha256)}; {folder}";
    }

    /// <summary>What became of gradients that were too large or not finite: "clipping acted in 12 of 115 steps".</summary>
    public static IEnumerable<string> Treatment(RunResult result)
    {
        long skipped = result.SkippedSteps ?? 0;
        if (result.ClippedSteps is { } clipped) yield return $"clipping acted in {NumberText.Count(clipped)} of {NumberText.Count(result.Steps - skipped, "step")}";
        if (skipped > 0) yield return $"{NumberText.Count(skipped, "step")} skipped: loss or gradient was not finite";
    }

    /// <summary>A display tells of the first skipped steps and of each hundredth; events.jsonl has them all.</summary>
    public static bool IsTold(SkippedStep skipped) => skipped.Skipped <= 3 || skipped.Skipped % 100 == 0;

    public static string Status(RunStatus status) => status switch
    {
        RunStatus.Completed => "completed",
        RunStatus.StoppedEarly => "stopped early",
        _ => "interrupted",
    };

    public static string ShortHash(string sha256) => sha256.Length > ShortHashLength ? sha256[..ShortHashLength] : sha256;

    private static void Append(StringBuilder line, string prefix, MetricValues values)
    {
        line.Append($"  {prefix}loss {NumberText.Real(values.Loss)}");
        if (values.Accuracy is { } accuracy) line.Append($"  accuracy {NumberText.Accuracy(accuracy)}");
        if (values.Perplexity is { } perplexity) line.Append($"  {prefix}perplexity {NumberText.Real(perplexity)}");
    }
}
