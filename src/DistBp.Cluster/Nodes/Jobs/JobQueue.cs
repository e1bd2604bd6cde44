using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Nodes.Jobs;

/// <summary>The cluster's jobs: one runs, those behind it wait in order, the last ones that ended are remembered.</summary>
/// <param name="tell">Shows a line when a job begins and ends.</param>
internal sealed class JobQueue(JobRunner runner, IClusterMembers members, TimeProvider time, Action<string> tell) : IDisposable
{
    public const int MaxWaiting = 64, MaxEnded = 32;

    private readonly Lock _gate = new();
    private readonly List<QueuedJob> _jobs = [];
    private readonly SemaphoreSlim _submitted = new(0);
    private int _lastNumber;

    /// <summary>In the order of submission.</summary>
    public IReadOnlyList<QueuedJob> Jobs
    {
        get
        {
            lock (_gate) return [.. _jobs];
        }
    }

    /// <returns>The job, and how many are before it.</returns>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: the queue is full.</exception>
    public (QueuedJob Job, int Before) Submit(JobDescription job, TrainingOptions options, IReadOnlyList<IRunObserver> observers)
    {
        lock (_gate)
        {
            int waiting = _jobs.Count(j => j.State == JobState.Waiting);
            if (waiting == MaxWaiting) throw new RpcException(StatusCode.ResourceExhausted, $"the queue is full: {MaxWaiting} jobs wait");
            var queued = new QueuedJob(new SubmittedJob(++_lastNumber, job, options), observers, time);
            int before = waiting + _jobs.Count(j => j.State == JobState.Running);
            _jobs.Add(queued);
            _submitted.Release();
            return (queued, before);
        }
    }

    /// <exception cref="RpcException">NOT_FOUND: there is no such job.</exception>
    public QueuedJob Find(string id)
    {
        lock (_gate)
            return _jobs.Find(j => j.Submitted.Id == id) ?? throw new RpcException(StatusCode.NotFound, $"there is no job '{id}'");
    }

    /// <returns>Whether it had begun; then it ends as interrupted.</returns>
    /// <exception cref="RpcException">NOT_FOUND, or FAILED_PRECONDITION: it has ended.</exception>
    public bool Cancel(string id)
    {
        QueuedJob job;
        bool running;
        lock (_gate)
        {
            job = Find(id);
            if (job.State is JobState.Cancelled or JobState.Ended)
                throw new RpcException(StatusCode.FailedPrecondition, $"the job '{id}' has ended already: {job.StateName}");
            running = job.State == JobState.Running;
            if (!running)
            {
                job.State = JobState.Cancelled;
                ForgetOldest();
            }
        }
        // Not under the lock: whoever waits for either is told at once, on this thread.
        if (running) job.Stop();
        else job.NeverRan();
        return running;
    }

    /// <summary>Runs jobs until it is stopped: the one that runs then is interrupted, and is waited for.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await _submitted.WaitAsync(stop).ConfigureAwait(false);
                if (Begin() is not { } job) continue;
                using (stop.UnsafeRegister(_ => job.Stop(), null)) await job.RunAsync(runner, members).ConfigureAwait(false);
                End(job);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The node ends; those that wait never ran.
        }
    }

    public void Dispose()
    {
        foreach (QueuedJob job in _jobs) job.Dispose();
        _submitted.Dispose();
    }

    private QueuedJob? Begin()
    {
        lock (_gate)
        {
            // One that was cancelled has left its count behind.
            if (_jobs.Find(j => j.State == JobState.Waiting) is not { } job) return null;
            job.State = JobState.Running;
            tell($"job {job.Submitted.Id} begins");
            return job;
        }
    }

    private void End(QueuedJob job)
    {
        lock (_gate)
        {
            job.State = JobState.Ended;
            ForgetOldest();
        }
        tell($"job {job.Submitted.Id} has ended: {job.StateName}{(job.Error.Length > 0 ? $": {job.Error}" : "")}");
    }

    private void ForgetOldest()
    {
        QueuedJob[] ended = [.. _jobs.Where(j => j.State is JobState.Cancelled or JobState.Ended)];
        foreach (QueuedJob old in ended.SkipLast(MaxEnded))
        {
            _jobs.Remove(old);
            old.Dispose();
        }
    }
}
