using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Wire.Control;
using DistBp.Learning;

namespace DistBp.Cluster.Nodes.Jobs;

/// <summary>A job of the queue, from its submission until it is forgotten. The queue alone changes its state.</summary>
/// <param name="observers">Of the submitter, in this process.</param>
internal sealed class QueuedJob(SubmittedJob submitted, JobRecord record, IReadOnlyList<IRunObserver> observers, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<RunResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SubmittedJob Submitted => submitted;

    public JobRecord Record => record;

    public EventHistory History => Recorder.History;

    public WatchRecorder Recorder { get; } = new(new EventHistory(), time);

    public JobState State { get; set; } = JobState.Waiting;

    /// <summary>An earlier coordinator has begun it: this one goes on with it.</summary>
    public bool IsTakenOver { get; private init; }

    /// <summary>Ends with the run, or with its error; as cancelled where it never ran.</summary>
    public Task<RunResult> Completion => _completion.Task;

    /// <summary>Why it failed, in one line; "": it has not.</summary>
    public string Error => Completion.Exception?.InnerException switch
    {
        null => "",
        UserException user => user.Message,
        RemoteBugException earlier => earlier.Message,
        Exception bug => $"a bug in distbp ({bug.GetType().Name}: {bug.Message})",
    };

    /// <summary>"running", or how it ended.</summary>
    public string StateName => State switch
    {
        JobState.Waiting => "waiting",
        JobState.Running => "running",
        JobState.Cancelled => "cancelled",
        _ => Completion.IsCompletedSuccessfully ? RunStatusName.Of(Completion.Result.Status) : "failed",
    };

    /// <summary>A job that an earlier coordinator has left.</summary>
    /// <exception cref="UserException">The job is none that this version knows.</exception>
    public static QueuedJob Recall(JobRecord record, TimeProvider time)
    {
        StoredJob stored = record.Stored;
        var job = new QueuedJob(SubmittedJob.Of(stored), record, [], time) { IsTakenOver = stored.State == StoredState.Running };
        if (stored.Start is { } start)
        {
            job.Recorder.Recall(RunStartMessage.Read(Whole(start, stored)), default);
            // Once more when it goes on: the newest then.
            if (stored.State == StoredState.Ended) job.RecallEvents();
        }
        if (stored.State == StoredState.Ended) job.RecallEnd(stored.End);
        return job;
    }

    /// <summary>The run, to its end, which is durable when this returns. Told it is with <see cref="TellEnd"/>.</summary>
    /// <exception cref="ReignEndedException">It goes on with another coordinator.</exception>
    /// <exception cref="UserException">The coordinator's state cannot be written.</exception>
    public async Task<RunEnd> RunAsync(JobRunner runner, Members.IClusterMembers members)
    {
        if (IsTakenOver) RecallEvents();
        if (record.Stored.StopRequested) Stop();
        RunResult? result = null;
        Exception? error = null;
        try
        {
            result = await runner(submitted, record, members, [Recorder, .. observers], _stop.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The edge of the job's host: whatever ends a job, those that wait behind it go on.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            error = failure;
        }
        if (!record.IsHeld) throw new ReignEndedException($"The job {submitted.Id} goes on with another coordinator.");
        if (error is not null) Recorder.OnFailed();
        RunEnd end = error is null ? RunEndMessage.Of(result!) : RunEndMessage.Of(error);
        await record.SaveAsync(s =>
        {
            (s.State, s.End) = (StoredState.Ended, end);
            s.Nodes.Clear();
        }).ConfigureAwait(false);
        Complete(result, error);
        return end;
    }

    public void TellEnd(RunEnd end) => History.End(end);

    public void Stop() => _stop.Cancel();

    public void NeverRan()
    {
        _completion.TrySetCanceled();
        History.End(new RunEnd { NeverRan = true });
    }

    public void Dispose()
    {
        _stop.Dispose();
        Recorder.Dispose();
        record.Dispose();
    }

    /// <summary>With the job's text, which is kept once.</summary>
    private static RunStart Whole(RunStart start, StoredJob stored)
    {
        RunStart whole = start.Clone();
        whole.Job = stored.Job;
        return whole;
    }

    private void RecallEvents()
    {
        if (Recorder.Started is not { } started) return;
        EventTail tail = EventTail.Read(new RunPaths(started.Folder).Events, EventHistory.MaxBytes);
        History.Recall(tail.Skipped, tail.Lines);
    }

    private void RecallEnd(RunEnd end)
    {
        State = end.EndCase == RunEnd.EndOneofCase.NeverRan ? JobState.Cancelled : JobState.Ended;
        try
        {
            RunResult result = RunEndMessage.Read(end, submitted.Id);
            Complete(result, null);
            if (Recorder.Started is { } started) Recorder.Recall(started, new StepFigures(result.Steps, result.Epochs, 0, null, 0, 0, 0));
        }
        catch (OperationCanceledException)
        {
            _completion.TrySetCanceled();
        }
        catch (Exception failure) when (failure is UserException or RemoteBugException)
        {
            Complete(null, failure);
        }
        TellEnd(end);
    }

    private void Complete(RunResult? result, Exception? error)
    {
        if (error is null)
        {
            _completion.TrySetResult(result!);
            return;
        }
        _completion.TrySetException(error);
        // Seen by those who wait and on the status page; nobody may.
        _ = _completion.Task.Exception;
    }
}
