using DistBp.Cluster.Actors;
using DistBp.Cluster.Wire.Members;
using DistBp.Protocol;
using DistBp.Protocol.Consistency;
using DistBp.Protocol.Messages;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Hosting;

/// <summary>A job's part on one node: its actors, its memory and its way to the other nodes.</summary>
internal sealed class JobHost : IAsyncDisposable
{
    private readonly MessageMemory _messages;
    private readonly ComputePool? _pool;
    private readonly List<Func<string>> _describe = [];

    /// <param name="workers">Numbers of the workers that are here.</param>
    /// <param name="servers">Numbers of the servers that are here.</param>
    public JobHost(TrainingMemory memory, ClusterTransport transport, IReadOnlyList<int> workers, IReadOnlyList<int> servers)
    {
        (Memory, Transport, Workers, Servers) = (memory, transport, workers, servers);
        Traffic = new ShardTraffic(memory);
        transport.Traffic = Traffic;
        transport.CopiesGradients = memory.Job.Consistency is BspMode { BackupWorkers: > 0 };
        _messages = new MessageMemory(memory.Network.Parameters);
        transport.Ahead = new PushAhead(transport, memory, Traffic);
        memory.SendsAhead = transport.Ahead.Begin;
        int actors = workers.Count + servers.Count;
        if (actors == 0) return;
        _pool = new ComputePool(LocalCluster.ThreadCount(Math.Max(1, workers.Count)), actors, transport.Fail, sharesCores: true);
        foreach (int server in servers)
        {
            var actor = new ServerActor(server, memory, _pool, transport);
            transport.Register(actor);
            Traffic.Add(actor);
            _describe.Add(actor.Describe);
        }
        foreach (int worker in workers)
        {
            var actor = new WorkerActor(worker, memory, _pool, transport);
            transport.Register(actor);
            _describe.Add(actor.Describe);
        }
    }

    /// <summary>Of the threads that compute here; null: there are none.</summary>
    public Attendance? Attendance => _pool?.Attendance;

    public IReadOnlyList<int> Workers { get; }

    public IReadOnlyList<int> Servers { get; }

    /// <summary>False for the coordinator's part.</summary>
    public bool HasMembers => Workers.Count + Servers.Count > 0;

    public TrainingMemory Memory { get; }

    public ClusterTransport Transport { get; }

    public ShardTraffic Traffic { get; }

    /// <summary>Ends with the job.</summary>
    public IDisposable? Lease { get; init; }

    /// <summary>Phase and step of each member that is here, for errors; they may be changing.</summary>
    public string Describe() => string.Join("; ", _describe.Select(d => d()));

    public TensorTarget Destination(Contract.Envelope envelope, int tensor, long byteCount) => BringsShard(envelope)
        ? Traffic.Destination(envelope, tensor, byteCount) : _messages.Destination(envelope, tensor, byteCount);

    /// <summary>A shard of an older generation than one that was heard of since: its place in the parameters is another server's by now.</summary>
    public bool IsVoid(Contract.Envelope envelope) => BringsShard(envelope) && NewerThan(envelope) is not null;

    /// <summary>Of what each step sends; who answers a coordinator of a new reign may do so in an old generation.</summary>
    public Contract.Generation? FencedBy(Contract.Envelope envelope) =>
        envelope.BodyCase is Contract.Envelope.BodyOneofCase.PushGradient or Contract.Envelope.BodyOneofCase.ShardCommitted ? NewerThan(envelope)?.ToContract() : null;

    public void Deliver(Contract.Envelope envelope, ReadOnlySpan<TensorBytes> tensors)
    {
        Address to = envelope.To.ToProtocol();
        // Whoever was here and is gone.
        if (Transport.Own(to) is not { } actor) return;
        bool bringsShard = BringsShard(envelope);
        if (bringsShard && !Traffic.Take(envelope, tensors)) return;
        // A shard is where it belongs by now: the message says that it is there.
        MemberMessage message = MessageCodec.Decode(envelope, bringsShard ? [] : tensors);
        Traffic.Note(message);
        actor.Post(message);
    }

    public async ValueTask DisposeAsync()
    {
        // A computation that is under way may still send; what it sends goes nowhere any more.
        await Transport.DisposeAsync().ConfigureAwait(false);
        _pool?.Dispose();
        Lease?.Dispose();
    }

    private Generation? NewerThan(Contract.Envelope envelope) => Traffic.Newest is var newest && envelope.Generation.ToProtocol() < newest ? newest : null;

    private static bool BringsShard(Contract.Envelope envelope) =>
        envelope.BodyCase is Contract.Envelope.BodyOneofCase.ShardCommitted or Contract.Envelope.BodyOneofCase.ShardCaptured;
}
