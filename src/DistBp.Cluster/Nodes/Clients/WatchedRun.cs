using System.Text.Json;
using DistBp.Cluster.Nodes.Jobs;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Wire.Control;
using DistBp.Learning;
using DistBp.Learning.Metrics;

namespace DistBp.Cluster.Nodes.Clients;

/// <summary>
/// A run elsewhere, made to look like one here: its events become calls of observers. Another coordinator tells from the beginning what an earlier one has told
/// before: that is passed over, by the times of the events.
/// </summary>
internal sealed class WatchedRun(IReadOnlyList<IRunObserver> observers, TextWriter? events)
{
    private RunStarted? _started;
    private long _lastStep;
    private int _lastEpoch;
    private DateTime _lastTime;
    private bool _passesOver;

    /// <summary>Of the events that came; 0 before the first.</summary>
    public long Term { get; private set; }

    /// <summary>Events of this term that came, or were missed.</summary>
    public ulong Seen { get; private set; }

    /// <returns>The result, with the last event.</returns>
    /// <exception cref="UserException">The run ended with an error.</exception>
    public RunResult? Take(RunEvent e, string job)
    {
        switch (e.EventCase)
        {
            case RunEvent.EventOneofCase.Term: OnTerm(e.Term); break;
            case RunEvent.EventOneofCase.Start: OnStart(e.Start); break;
            case RunEvent.EventOneofCase.Json:
                Seen++;
                OnJson(e.Json);
                break;
            case RunEvent.EventOneofCase.Missed:
                Seen += e.Missed;
                // Of another coordinator's history they may be those that came before.
                if (!_passesOver) Tell(o => o.OnWarning($"{e.Missed} events came faster than they were read; the run's events.jsonl has them"));
                break;
            case RunEvent.EventOneofCase.End:
                RunResult result = RunEndMessage.Read(e.End, job);
                Tell(o => o.OnEnded(result));
                return result;
        }
        return null;
    }

    private void OnTerm(long term)
    {
        if (term == Term) return;
        _passesOver = Term > 0;
        (Term, Seen) = (term, 0);
    }

    /// <summary>Once: where another coordinator goes on with it, it has begun before.</summary>
    private void OnStart(RunStart s)
    {
        bool isFirst = _started is null;
        _started = RunStartMessage.Read(s);
        if (!isFirst) return;
        _lastStep = _started.StartStep;
        Tell(o => o.OnStarted(_started));
    }

    /// <summary>The same event stands in the run's events.jsonl with a time that is a little earlier than that in what was told of it; never later.</summary>
    private bool CameBefore(JsonElement e)
    {
        DateTime time = e.TryGetProperty("time", out JsonElement at) ? at.GetDateTime() : default;
        int epoch = KindOf(e) == "epoch" ? e.GetProperty("epoch").GetInt32() : 0;
        if (_passesOver && (epoch > 0 ? epoch <= _lastEpoch : time <= _lastTime)) return true;
        (_passesOver, _lastTime) = (false, time);
        if (epoch > 0) _lastEpoch = epoch;
        return false;
    }

    private void OnJson(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement e = document.RootElement;
        if (CameBefore(e)) return;
        events?.WriteLine(line);
        events?.Flush();
        switch (KindOf(e))
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
            case "copies":
                var copies = new CopyFigures(e.GetProperty("filling").GetInt32());
                Tell(o => o.OnCopies(copies));
                break;
            case "warning": Tell(o => o.OnWarning(e.GetProperty("message").GetString()!)); break;
            // As a display tells of them: the first ones and each hundredth.
            case "skipped" when e.GetProperty("skipped").GetInt64() is var n && (n <= 3 || n % 100 == 0):
                Tell(o => o.OnWarning(e.GetProperty("message").GetString()!));
                break;
        }
    }

    private static string? KindOf(JsonElement e) => e.TryGetProperty("event", out JsonElement kind) ? kind.GetString() : null;

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
            TimeSpan.FromSeconds(e.GetProperty("seconds").ReadDouble()), e.TryGetProperty("note", out JsonElement note) ? note.GetString()! : "")
        {
            Staleness = e.TryGetProperty("maxStaleness", out JsonElement most) ? new StalenessFigures(most.GetInt64(), e.GetProperty("meanStaleness").ReadDouble()) : null,
        };
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
