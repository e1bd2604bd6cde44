using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;

namespace DistBp.Cluster.Nodes.Clients;

/// <summary>What a command asks of a cluster that runs elsewhere. Every failure is told as a <see cref="UserException"/>.</summary>
public sealed class ClusterClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly NodeAddress _coordinator;
    private readonly CallCredentials _credentials;
    private readonly GrpcChannel _channel;

    /// <param name="cluster">The secret, and the name.</param>
    /// <param name="meansNamed">Whether a cluster of another name would be the wrong one.</param>
    public ClusterClient(NodeAddress coordinator, NamingConfiguration cluster, bool meansNamed)
    {
        (_coordinator, _credentials) = (coordinator, new CallCredentials(cluster, meansNamed));
        _channel = new GrpcChannel(coordinator.Uri, GrpcLimits.Default);
    }

    /// <returns>The job's id, and how many jobs are before it.</returns>
    public Task<(string Job, int Before)> SubmitAsync(JobDescription job, CancellationToken cancellation = default) => AskAsync(async () =>
    {
        var submission = new JobSubmission { Job = JobFile.Write(job), BaseFolder = job.BaseFolder };
        JobAccepted accepted = await _channel.UnaryAsync(ControlMethods.Submit, submission, _credentials.Metadata, Patience, cancellation).ConfigureAwait(false);
        return (accepted.Job, (int)accepted.Before);
    });

    /// <returns>Whether it had begun; then it finishes its step, saves and ends.</returns>
    public Task<bool> CancelAsync(string job, CancellationToken cancellation = default) => AskAsync(async () =>
        (await _channel.UnaryAsync(ControlMethods.Cancel, new JobReference { Job = job }, _credentials.Metadata, Patience, cancellation)
            .ConfigureAwait(false)).WasRunning);

    public Task<ClusterReport> StatusAsync(CancellationToken cancellation = default) => AskAsync(async () => ClusterReport.Of(
        await _channel.UnaryAsync(ControlMethods.GetStatus, new(), _credentials.Metadata, Patience, cancellation).ConfigureAwait(false)));

    /// <summary>Tells observers what has happened in a job, and what happens, until it ends.</summary>
    /// <param name="events">Takes each event as a line, as events.jsonl has it; null: nobody.</param>
    /// <exception cref="UserException">The job failed, or the cluster.</exception>
    /// <exception cref="OperationCanceledException">The job was cancelled before it began.</exception>
    public Task<RunResult> WatchAsync(string job, IReadOnlyList<IRunObserver> observers, TextWriter? events, CancellationToken cancellation = default) =>
        AskAsync(async () =>
        {
            var run = new WatchedRun(observers, events);
            using ClientCall<JobReference, RunEvent> call = _channel.Call(ControlMethods.Watch, _credentials.Metadata, cancellation: cancellation);
            await call.WriteLastAsync(new JobReference { Job = job }).ConfigureAwait(false);
            while (await call.ReadAsync().ConfigureAwait(false) is { } e)
            {
                if (run.Take(e, job) is { } result) return result;
            }
            throw new RpcException(StatusCode.Unavailable, $"the job {job} was watched, and its events broke off");
        });

    /// <summary>Copies the folder of a job's run here.</summary>
    /// <param name="folder">Exists.</param>
    public Task FetchAsync(string job, string folder, CancellationToken cancellation = default) => AskAsync(async () =>
    {
        using ClientCall<FileRequest, FilePiece> call = _channel.Call(ControlMethods.Fetch, _credentials.Metadata, cancellation: cancellation);
        await call.WriteLastAsync(new FileRequest { Job = job }).ConfigureAwait(false);
        using var files = new FetchedFiles(folder);
        while (await call.ReadAsync().ConfigureAwait(false) is { } piece) files.Add(piece);
        return files.Count;
    });

    public void Dispose() => _channel.Dispose();

    private async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (RpcException failure)
        {
            throw CallFailure.Tell(failure, _coordinator);
        }
    }
}
