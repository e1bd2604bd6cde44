using System.Text.Json;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes.Jobs;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Wire.Control;
using DistBp.Learning;
using DistBp.Learning.Metrics;

namespace DistBp.Cluster.Nodes.Clients;

/// <summary>A run elsewhere, made to look like one here: its events become calls of observers.</summary>
internal sealed class WatchedRun(IReadOnlyList<IRunObserver> observers, TextWriter? events)
{
    private RunStarted? _started;
    private long _lastStep;

    /// <returns>The result, with the last event.</returns>
    /// <exception cref="UserException">The run ended with an error.</exception>
    public RunResult? Take(RunEvent e, string job)
    {
        switch (e.EventCase)
        {
            case RunEvent.EventOneofCase.Start: OnStart(e.Start); break;
            case RunEvent.EventOneofCase.Json: OnJson(e.Json); break;
            case RunEvent.EventOneofCase.Missed: Tell(o => o.OnWarning($"{e.Missed} events came faster than they were read; the run's events.jsonl has them")); break;
            case RunEvent.EventOneofCase.End:
                RunResult result = RunEndMessage.Read(e.End, job);
                Tell(o => o.OnEnded(result));
                return result;
        }
        return null;
    }

    private void OnStart(RunStart s)
    {
        JobDescription job = JobFile.Parse(s.Job, "the job", [], "job", s.BaseFolder);
        _started = new RunStarted(
            job, s.Folder, (int)s.Workers, (int)s.Servers, (int)s.ComputeThreads, new TensorShape([.. s.SampleShape]), (int)s.Parameters,
            (int)s.TrainSamples, (int)s.ValidationSamples, (int)s.TestSamples, (long)s.StepsPerEpoch, (long)s.StartStep, (long)s.TotalSteps);
        _lastStep = _started.StartStep;
        Tell(o => o.OnStarted(_started));
    }

    private void OnJson(string line)
    {
        events?.WriteLine(line);
        events?.Flush();
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement e = document.RootElement;
        switch (e.GetProperty("event").GetString())
        {
            case "step": OnStep(e); break;
            case "epoch": OnEpoch(e); break;
            case "checkpoint":
                var checkpoint = new CheckpointFigures(
                    e.GetProperty("step").GetInt64(), e.GetProperty("folder").GetString()!, TimeSpan.FromSeconds(e.GetProperty("seconds").ReadDouble()));
                Tell(o => o.OnCheckpoint(checkpoint));
                break;
            case "member":
                var member = new MemberFigures(
                    e.GetProperty("node").GetString()!, e.GetProperty("change").GetString()!, e.TryGetProperty("reason", out JsonElement reason) ? reason.GetString()! : "",
                    e.GetProperty("nodes").GetInt32(), e.GetProperty("workers").GetInt32(), e.GetProperty("servers").GetInt32());
                Tell(o => o.OnMember(member));
                break;
            case "warning": Tell(o => o.OnWarning(e.GetProperty("message").GetString()!)); break;
            // As a display tells of them: the first ones and each hundredth.
            case "skipped" when e.GetProperty("skipped").GetInt64() is var n && (n <= 3 || n % 100 == 0):
                Tell(o => o.OnWarning(e.GetProperty("message").GetString()!));
                break;
        }
    }

    /// <summary>Not each step is among the events: the samples are those since the last one that is.</summary>
    private void OnStep(JsonElement e)
    {
        long step = e.GetProperty("step").GetInt64();
        int samples = (int)Math.Min(int.MaxValue, Math.Max(1, step - _lastStep) * (_started?.Job.Batch ?? 1));
        _lastStep = step;
        var figures = new StepFigures(
            step, e.GetProperty("epoch").GetInt32(), e.GetProperty("loss").ReadDouble(), null, e.GetProperty("learningRate").ReadDouble(),
            e.GetProperty("gradientNorm").ReadDouble(), samples);
        Tell(o => o.OnStep(figures));
    }

    private void OnEpoch(JsonElement e)
    {
        var figures = new EpochFigures(
            e.GetProperty("epoch").GetInt32(), e.GetProperty("step").GetInt64(), Values(e, "train")!, Values(e, "validation"),
            e.GetProperty("learningRate").ReadDouble(), e.GetProperty("samplesPerSecond").ReadDouble(),
            TimeSpan.FromSeconds(e.GetProperty("seconds").ReadDouble()), e.TryGetProperty("note", out JsonElement note) ? note.GetString()! : "");
        Tell(o => o.OnEpoch(figures));
    }

    private static MetricValues? Values(JsonElement e, string part)
    {
        if (!e.TryGetProperty(part + "Loss", out JsonElement loss)) return null;
        double? accuracy = e.TryGetProperty(part + "Accuracy", out JsonElement value) ? value.ReadDouble() : null;
        return new MetricValues(loss.ReadDouble(), 0, accuracy, null, null, null);
    }

    private void Tell(Action<IRunObserver> what)
    {
        foreach (IRunObserver observer in observers) what(observer);
    }
}
