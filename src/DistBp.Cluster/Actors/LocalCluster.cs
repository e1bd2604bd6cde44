using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>All actors of a run in this process, over the in-memory transport.</summary>
internal sealed class LocalCluster : IRunCluster
{
    private readonly InMemoryTransport _transport;
    private readonly ComputePool _pool;
    private readonly CoordinatorActor _coordinator;
    private readonly int _workers;
    private readonly int _servers;

    public LocalCluster(TrainingMemory memory, TrainingPlan plan, IRunReporter reporter, int workers, int servers)
    {
        (_workers, _servers) = (workers, servers);
        _transport = new InMemoryTransport(servers, workers);
        _pool = new ComputePool(ThreadCount(workers), workers + servers, _transport.Fail);
        _coordinator = new CoordinatorActor(plan, memory, reporter, _transport, _ => { });
        _transport.Register(_coordinator);
        for (int i = 0; i < servers; i++) _transport.Register(new ServerActor(i, memory, _pool, _transport));
        for (int i = 0; i < workers; i++) _transport.Register(new WorkerActor(i, memory, _pool, _transport));
    }

    /// <summary>A thread a worker, but no more than there are cores.</summary>
    public static int ThreadCount(int workers) => Math.Min(workers, Environment.ProcessorCount);

    public (double Sent, double Received) BytesANode => (0, 0);

    public async Task<RunOutcome> RunAsync(CancellationToken stop)
    {
        using (stop.UnsafeRegister(static c => ((CoordinatorActor)c!).Post(new StopRequested()), _coordinator))
        {
            // After the registration: a run that is stopped before it begins makes no step.
            _coordinator.Post(new MembersChanged([.. Enumerable.Range(0, _workers)], [.. Enumerable.Range(0, _servers)], []));
            await Task.WhenAny(_coordinator.Outcome, _transport.Failure).ConfigureAwait(false);
        }
        if (_transport.HasFailed)
        {
            // A run that fails leaves nobody behind who still writes to its folder: first those who could begin to, then the one who may be at it.
            _pool.Dispose();
            await _coordinator.Writing.ConfigureAwait(false);
            await _transport.Failure.ConfigureAwait(false);
        }
        return await _coordinator.Outcome.ConfigureAwait(false);
    }

    public ValueTask DisposeAsync()
    {
        _pool.Dispose();
        return ValueTask.CompletedTask;
    }
}
