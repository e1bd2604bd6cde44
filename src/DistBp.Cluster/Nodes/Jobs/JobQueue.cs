using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes.Jobs;

/// <summary>
/// The cluster's jobs: one runs, those behind it wait in order, the last ones that ended are remembered. All of it outlives the process: what is told to anybody
/// is durable before.
/// </summary>
/// <param name="tell">Shows a line when a job begins and ends.</param>
internal sealed class JobQueue(JobRunner runner, IClusterMembers members, ICoordinatorStore store, TimeProvider time, Action<string> tell) : IDisposable
{
    public const int MaxWaiting = 64, MaxEnded = 32, MaxJobBytes = 256 << 10;

    private readonly Lock _gate = new();
    private readonly List<QueuedJob> _jobs = [];
    private readonly SemaphoreSlim _submitted = new(0);
    private readonly SemaphoreSlim _submitting = new(1, 1);

    /// <summary>The newest job is never forgotten: so no number is given twice.</summary>
    private int _lastNumber;

    public long Term => store.Term;

    /// <summary>In the order of submission.</summary>
    public IReadOnlyList<QueuedJob> Jobs
    {
        get
        {
            lock (_gate) return [.. _jobs];
        }
    }

    /// <summary>Before anything else: the jobs that an earlier coordinator has left.</summary>
    /// <exception cref="UserException">They cannot be read.</exception>
    public async Task LoadAsync()
    {
        foreach (JobRecord record in await JobRecord.LoadAsync(store).ConfigureAwait(false))
        {
            QueuedJob job = QueuedJob.Recall(record, time);
            lock (_gate) _jobs.Add(job);
            _lastNumber = record.Stored.Number;
            if (job.State != JobState.Waiting) continue;
            _submitted.Release();
            tell($"job {job.Submitted.Id} {(job.IsTakenOver ? "was running" : "waits")}");
        }
    }

    /// <returns>The job, and how many are before it.</returns>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: the queue is full; INVALID_ARGUMENT: the job is too long.</exception>
    /// <exception cref="UserException">The coordinator's state cannot be written.</exception>
    public async Task<(QueuedJob Job, int Before)> SubmitAsync(JobDescription job, TrainingOptions options, IReadOnlyList<IRunObserver> observers)
    {
        // Bounded by the store's own bounds.
        await _submitting.WaitAsync().ConfigureAwait(false);
        try
        {
            int waiting = Jobs.Count(j => j.State == JobState.Waiting);
            if (waiting >= MaxWaiting) throw new RpcException(StatusCode.ResourceExhausted, $"the queue is full: {MaxWaiting} jobs wait");
            var submitted = new SubmittedJob(_lastNumber + 1, job, options);
            StoredJob stored = submitted.ToStored();
            if (stored.CalculateSize() > MaxJobBytes)
                throw new RpcException(StatusCode.InvalidArgument, $"the job has {stored.CalculateSize()} bytes, and at most {MaxJobBytes} are kept");
            var record = new JobRecord(stored, store);
            await record.CreateAsync().ConfigureAwait(false);
            _lastNumber++;
            var queued = new QueuedJob(submitted, record, observers, time);
            int before;
            lock (_gate)
            {
                before = _jobs.Count(j => j.State is JobState.Waiting or JobState.Running);
                _jobs.Add(queued);
            }
            _submitted.Release();
            return (queued, before);
        }
        finally
        {
            _submitting.Release();
        }
    }

    /// <exception cref="RpcException">NOT_FOUND: there is no such job.</exception>
    public QueuedJob Find(string id)
    {
        lock (_gate)
            return _jobs.Find(j => j.Submitted.Id == id) ?? throw new RpcException(StatusCode.NotFound, $"there is no job '{id}'");
    }

    /// <summary>Whether what the node holds of a job, from an earlier reign, counts in this one.</summary>
    public bool Keeps(MemberId node, JobPart part)
    {
        QueuedJob? job;
        lock (_gate) job = _jobs.Find(j => j.Submitted.Number == part.Job && j.IsTakenOver && j.State is JobState.Waiting or JobState.Running);
        return job?.Record.Stored.Nodes.Any(n => n.Keeps(node, part)) ?? false;
    }

    /// <returns>Whether it had begun; then it ends as interrupted.</returns>
    /// <exception cref="RpcException">NOT_FOUND, or FAILED_PRECONDITION: it has ended.</exception>
    /// <exception cref="UserException">The coordinator's state cannot be written.</exception>
    public async Task<bool> CancelAsync(string id)
    {
        QueuedJob job;
        bool running;
        lock (_gate)
        {
            job = Find(id);
            if (job.State is JobState.Cancelled or JobState.Ended)
                throw new RpcException(StatusCode.FailedPrecondition, $"the job '{id}' has ended already: {job.StateName}");
            running = job.State == JobState.Running;
            if (!running) job.State = JobState.Cancelled;
        }
        if (running)
        {
            await job.Record.SaveAsync(s => s.StopRequested = true).ConfigureAwait(false);
            job.Stop();
            return true;
        }
        await job.Record.SaveAsync(s => (s.State, s.End) = (StoredState.Ended, new RunEnd { NeverRan = true })).ConfigureAwait(false);
        job.NeverRan();
        await ForgetOldestAsync().ConfigureAwait(false);
        return false;
    }

    /// <summary>Runs jobs until it is stopped: the one that runs then is interrupted, and is waited for.</summary>
    /// <exception cref="ReignEndedException">Another process is the coordinator, or may be.</exception>
    /// <exception cref="UserException">The coordinator's state cannot be written.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await _submitted.WaitAsync(stop).ConfigureAwait(false);
                if (Begin() is not { } job) continue;
                await RunAsync(job, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The node ends; those that wait are there for the next coordinator.
        }
    }

    public void Dispose()
    {
        foreach (QueuedJob job in _jobs) job.Dispose();
        _submitted.Dispose();
        _submitting.Dispose();
    }

    private QueuedJob? Begin()
    {
        lock (_gate)
        {
            // One that was cancelled has left its count behind.
            if (_jobs.Find(j => j.State == JobState.Waiting) is not { } job) return null;
            job.State = JobState.Running;
            return job;
        }
    }

    private async Task RunAsync(QueuedJob job, CancellationToken stop)
    {
        await job.Record.SaveAsync(s =>
        {
            (s.State, s.Reigns) = (StoredState.Running, s.Reigns + 1);
            if (s.Began == 0) s.Began = time.GetUtcNow().ToUnixTimeMilliseconds();
        }).ConfigureAwait(false);
        tell($"job {job.Submitted.Id} {(job.IsTakenOver ? "goes on" : "begins")}");
        RunEnd end;
        using (stop.UnsafeRegister(_ => job.Stop(), null)) end = await job.RunAsync(runner, members).ConfigureAwait(false);
        lock (_gate) job.State = JobState.Ended;
        job.TellEnd(end);
        tell($"job {job.Submitted.Id} has ended: {job.StateName}{(job.Error.Length > 0 ? $": {job.Error}" : "")}");
        await ForgetOldestAsync().ConfigureAwait(false);
    }

    private async Task ForgetOldestAsync()
    {
        QueuedJob[] old;
        lock (_gate)
        {
            old = [.. _jobs.Where(j => j.State is JobState.Cancelled or JobState.Ended).SkipLast(MaxEnded)];
            foreach (QueuedJob job in old) _jobs.Remove(job);
        }
        foreach (QueuedJob job in old)
        {
            await job.Record.ForgetAsync().ConfigureAwait(false);
            job.Dispose();
        }
    }
}
