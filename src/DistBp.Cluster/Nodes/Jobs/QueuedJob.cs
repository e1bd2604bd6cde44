using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Nodes.Jobs;

/// <summary>A job of the queue, from its submission until it is forgotten. The queue alone changes its state.</summary>
/// <param name="observers">Of the submitter, in this process.</param>
internal sealed class QueuedJob(SubmittedJob submitted, IReadOnlyList<IRunObserver> observers, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<RunResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SubmittedJob Submitted => submitted;

    public EventHistory History => Recorder.History;

    public WatchRecorder Recorder { get; } = new(new EventHistory(), time);

    public JobState State { get; set; } = JobState.Waiting;

    /// <summary>Ends with the run, or with its error; as cancelled where it never ran.</summary>
    public Task<RunResult> Completion => _completion.Task;

    /// <summary>Why it failed, in one line; "": it has not.</summary>
    public string Error => Completion.Exception?.InnerException switch
    {
        null => "",
        UserException user => user.Message,
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

    public async Task RunAsync(JobRunner runner, Members.IClusterMembers members)
    {
        try
        {
            RunResult result = await runner(submitted, members, [Recorder, .. observers], _stop.Token).ConfigureAwait(false);
            History.End(RunEndMessage.Of(result));
            _completion.SetResult(result);
        }
#pragma warning disable CA1031 // The edge of the job's host: whatever ends a job, those that wait behind it go on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Recorder.OnFailed();
            History.End(RunEndMessage.Of(error));
            _completion.SetException(error);
            // Seen by those who wait and on the status page; nobody may.
            _ = _completion.Task.Exception;
        }
    }

    public void Stop() => _stop.Cancel();

    public void NeverRan()
    {
        History.End(new Wire.Control.RunEnd { NeverRan = true });
        _completion.SetCanceled();
    }

    public void Dispose()
    {
        _stop.Dispose();
        Recorder.Dispose();
    }
}
