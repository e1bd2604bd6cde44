using System.Globalization;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Status;
using DistBp.Learning;

namespace DistBp.Cluster.Nodes.Clients;

/// <summary>What a command asks of a cluster that runs elsewhere. Every failure is told as a <see cref="UserException"/>.</summary>
public sealed class ClusterClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly IRendezvous _rendezvous;
    private readonly CallCredentials _credentials;
    private readonly ReconnectPatience _patience;
    private readonly Lock _gate = new();

    /// <summary>To each address at which the coordinator was found.</summary>
    private readonly Dictionary<NodeAddress, GrpcChannel> _channels = [];

    /// <summary>Where it was found last.</summary>
    private NodeAddress? _coordinator;

    /// <summary>Finds the coordinator as the configuration says, at each connection anew.</summary>
    /// <param name="machine">The cluster's secret and name, its rendezvous, and its acceptable pause, by which a coordinator that has gone is waited for.</param>
    /// <param name="meansNamed">Whether a cluster of another name would be the wrong one.</param>
    /// <exception cref="UserException">The rendezvous is none of this program's.</exception>
    public ClusterClient(ClusterConfiguration machine, bool meansNamed)
        : this(
            machine.Rendezvous.Kind == RendezvousKind.Akka ? Asked(machine.Node.Advertise ?? machine.Node.Listen, machine, meansNamed)
                : KnownRendezvous.Of(Hasty(machine), _ => { }),
            machine, meansNamed)
    {
    }

    /// <param name="coordinator">The coordinator is there, whatever the configuration says; with Akka.Cluster any node is.</param>
    /// <param name="machine">The cluster's secret and name, and its acceptable pause.</param>
    /// <param name="meansNamed">Whether a cluster of another name would be the wrong one.</param>
    public ClusterClient(NodeAddress coordinator, ClusterConfiguration machine, bool meansNamed)
        : this(machine.Rendezvous.Kind == RendezvousKind.Akka ? Asked(coordinator, machine, meansNamed) : StaticRendezvous.At(coordinator), machine, meansNamed)
    {
    }

    /// <param name="rendezvous">Is disposed of with the client.</param>
    internal ClusterClient(IRendezvous rendezvous, ClusterConfiguration machine, bool meansNamed)
    {
        (_rendezvous, _credentials) = (rendezvous, new CallCredentials(machine.Cluster, meansNamed));
        _patience = new ReconnectPatience(machine.FailureDetector.AcceptablePause, TimeProvider.System);
    }

    /// <returns>The job's id, and how many jobs are before it.</returns>
    public Task<(string Job, int Before)> SubmitAsync(JobDescription job, CancellationToken cancellation = default) => AskAsync(async () =>
    {
        var submission = new JobSubmission { Job = JobFile.Write(job), BaseFolder = job.BaseFolder };
        GrpcChannel channel = await ChannelAsync(cancellation).ConfigureAwait(false);
        JobAccepted accepted = await channel.UnaryAsync(ControlMethods.Submit, submission, _credentials.Metadata, Patience, cancellation).ConfigureAwait(false);
        return (accepted.Job, (int)accepted.Before);
    });

    /// <returns>Whether it had begun; then it finishes its step, saves and ends.</returns>
    public Task<bool> CancelAsync(string job, CancellationToken cancellation = default) => AskAsync(async () =>
    {
        GrpcChannel channel = await ChannelAsync(cancellation).ConfigureAwait(false);
        return (await channel.UnaryAsync(ControlMethods.Cancel, new JobReference { Job = job }, _credentials.Metadata, Patience, cancellation)
            .ConfigureAwait(false)).WasRunning;
    });

    public Task<ClusterReport> StatusAsync(CancellationToken cancellation = default) => AskAsync(async () =>
    {
        GrpcChannel channel = await ChannelAsync(cancellation).ConfigureAwait(false);
        return ClusterReport.Of(await channel.UnaryAsync(ControlMethods.GetStatus, new(), _credentials.Metadata, Patience, cancellation).ConfigureAwait(false));
    });

    /// <summary>Shows the cluster's status each <paramref name="interval"/>, also after its coordinator has come back.</summary>
    /// <param name="tell">Shows a line when the coordinator does not answer, and when it does again.</param>
    /// <exception cref="UserException">It did not answer for too long.</exception>
    public Task WatchStatusAsync(TimeSpan interval, Action<ClusterReport> show, Action<string> tell, CancellationToken cancellation = default) =>
        GoOnAsync<bool>("watching the status", tell, async () =>
        {
            GrpcChannel channel = await ChannelAsync(cancellation).ConfigureAwait(false);
            while (true)
            {
                ClusterStatus status = await channel.UnaryAsync(ControlMethods.GetStatus, new(), _credentials.Metadata, Patience, cancellation).ConfigureAwait(false);
                HasAnswered(tell);
                show(ClusterReport.Of(status));
                await Task.Delay(interval, cancellation).ConfigureAwait(false);
            }
        }, cancellation);

    /// <summary>
    /// Tells observers what has happened in a job, and what happens, until it ends. Where the coordinator goes and comes back, or another one goes on with the job,
    /// it goes on from where it was.
    /// </summary>
    /// <param name="events">Takes each event as a line, as events.jsonl has it; null: nobody.</param>
    /// <param name="tell">Shows a line when the coordinator does not answer, and when it does again; null: nobody.</param>
    /// <exception cref="UserException">The job failed, or the cluster.</exception>
    /// <exception cref="OperationCanceledException">The job was cancelled before it began.</exception>
    public Task<RunResult> WatchAsync(
        string job, IReadOnlyList<IRunObserver> observers, TextWriter? events, Action<string>? tell = null, CancellationToken cancellation = default)
    {
        var run = new WatchedRun(observers, events);
        return GoOnAsync($"watching job {job}", tell ?? (_ => { }), () => WatchOnceAsync(job, run, tell ?? (_ => { }), cancellation), cancellation);
    }

    /// <summary>Copies the folder of a job's run here; from its beginning where the coordinator goes meanwhile and comes back, or another one has the folder too.</summary>
    /// <param name="folder">Exists.</param>
    /// <param name="tell">Shows a line when the coordinator does not answer, and when it does again.</param>
    /// <exception cref="UserException">It did not answer for too long, or has no such folder.</exception>
    public Task FetchAsync(string job, string folder, Action<string> tell, CancellationToken cancellation = default) =>
        GoOnAsync($"copying the folder of job {job}", tell, async () =>
        {
            GrpcChannel channel = await ChannelAsync(cancellation).ConfigureAwait(false);
            using ClientCall<FileRequest, FilePiece> call = channel.Call(ControlMethods.Fetch, _credentials.Metadata, cancellation: cancellation);
            await call.WriteLastAsync(new FileRequest { Job = job }).ConfigureAwait(false);
            using var files = new FetchedFiles(folder);
            while (await call.ReadAsync().ConfigureAwait(false) is { } piece)
            {
                HasAnswered(tell);
                files.Add(piece);
            }
            return files.Count;
        }, cancellation);

    public void Dispose()
    {
        foreach (GrpcChannel channel in _channels.Values) channel.Dispose();
        // None of a client's has anything to wait for.
        _ = _rendezvous.DisposeAsync().AsTask();
    }

    /// <summary>Of one question: a user waits before the screen for its answer.</summary>
    private static ClusterConfiguration Hasty(ClusterConfiguration machine) => machine with
    {
        FailureDetector = machine.FailureDetector with { AcceptablePause = Patience / ReconnectPatience.Pauses },
    };

    private static AskedRendezvous Asked(NodeAddress first, ClusterConfiguration machine, bool meansNamed) =>
        new(first, new CallCredentials(machine.Cluster, meansNamed), Hasty(machine).FailureDetector.AcceptablePause, TimeProvider.System);

    /// <summary>To where the coordinator is now.</summary>
    /// <exception cref="RpcException">It is not to be found now; the cause tells why.</exception>
    private async Task<GrpcChannel> ChannelAsync(CancellationToken cancellation)
    {
        NodeAddress found;
        try
        {
            found = await _rendezvous.FindAsync(cancellation).ConfigureAwait(false);
        }
        catch (UserException none) when (none.Kind == ErrorKind.Cluster)
        {
            throw new RpcException(StatusCode.Unavailable, none.Message, none);
        }
        lock (_gate)
        {
            _coordinator = found;
            if (!_channels.TryGetValue(found, out GrpcChannel? channel)) _channels[found] = channel = new GrpcChannel(found.Uri, GrpcLimits.Default);
            return channel;
        }
    }

    private UserException Told(RpcException failure) =>
        failure.InnerException as UserException ?? CallFailure.Tell(failure, _coordinator!.Value);

    private async Task<RunResult> WatchOnceAsync(string job, WatchedRun run, Action<string> tell, CancellationToken cancellation)
    {
        GrpcChannel channel = await ChannelAsync(cancellation).ConfigureAwait(false);
        using ClientCall<WatchRequest, RunEvent> call = channel.Call(ControlMethods.Watch, _credentials.Metadata, cancellation: cancellation);
        await call.WriteLastAsync(new WatchRequest { Job = job, Term = run.Term, Seen = run.Seen }).ConfigureAwait(false);
        while (await call.ReadAsync().ConfigureAwait(false) is { } e)
        {
            HasAnswered(tell);
            if (run.Take(e, job) is { } result) return result;
        }
        throw new RpcException(StatusCode.Unavailable, $"the job {job} was watched, and its events broke off");
    }

    /// <summary>Watches, and watches again where the coordinator does not answer, for a bounded time.</summary>
    /// <param name="what">It does: "watching job J".</param>
    private async Task<T> GoOnAsync<T>(string what, Action<string> tell, Func<Task<T>> watch, CancellationToken cancellation)
    {
        while (true)
        {
            RpcException gone;
            try
            {
                return await watch().ConfigureAwait(false);
            }
            catch (RpcException failure) when (!CallFailure.IsFinal(failure) && !cancellation.IsCancellationRequested)
            {
                gone = failure;
            }
            catch (RpcException failure)
            {
                throw Told(failure);
            }
            if (!_patience.IsAtWork) tell($"the coordinator{At} does not answer ({gone.Detail}): waiting up to {Seconds(_patience.Limit)} for it");
            TimeSpan pause = _patience.Next() ?? throw new UserException(
                ErrorKind.Cluster, $"waited {Seconds(_patience.Limit)} for the coordinator, to go on {what}: {gone.Detail}", _coordinator?.ToString() ?? "distbp.rendezvous",
                "start a coordinator again with its state (storage.state, or etcd): its jobs go on, and so do those who watch them", gone);
            await Task.Delay(pause, cancellation).ConfigureAwait(false);
        }
    }

    private string At => _coordinator is { } known ? $" at {known}" : "";

    private void HasAnswered(Action<string> tell)
    {
        if (!_patience.IsAtWork) return;
        _patience.Reset();
        tell($"the coordinator{At} answers again");
    }

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");

    private async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (RpcException failure)
        {
            throw Told(failure);
        }
    }
}
