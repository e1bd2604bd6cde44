using System.Collections.Concurrent;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members;
using DistBp.Learning;
using DistBp.Protocol;
using DistBp.Protocol.Messages;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Hosting;

/// <summary>
/// Parameters between nodes. Within a process a message says that a shard is there, for all share one buffer; between nodes the shard goes with
/// the message, from the server's buffer into the receiver's.
/// </summary>
internal sealed class ShardTraffic(TrainingMemory memory)
{
    private readonly ConcurrentDictionary<Generation, Assignment> _assignments = [];
    private readonly ConcurrentDictionary<int, ServerActor> _servers = [];
    private readonly ConcurrentDictionary<int, (Generation Generation, ShardAnnouncement Announcement)> _announced = [];
    private readonly ConcurrentDictionary<int, ShardArrival> _arrivals = [];
    private readonly Lock _lock = new();
    private Generation _newest;

    private ParameterLayout Layout => memory.Network.Parameters;

    /// <summary>The newest generation that anything came of: what is older is void, also where its assignment has not come yet.</summary>
    public Generation Newest
    {
        get
        {
            lock (_lock) return _newest;
        }
    }

    /// <summary>A server that is here.</summary>
    public void Add(ServerActor server) => _servers[server.Address.Index] = server;

    /// <summary>Null: nobody here was told of it, or it is of long ago.</summary>
    public Assignment? AssignmentOf(Generation generation) => _assignments.GetValueOrDefault(generation);

    /// <summary>Sees all messages of the members here, those that leave and those that come.</summary>
    public void Note(MemberMessage message)
    {
        if (message is Assign assign)
        {
            _assignments[assign.Generation] = assign.Assignment;
            if (assign.Previous is { } previous) _assignments[previous.Generation] = previous;
            foreach (Generation old in _assignments.Keys.Where(g => g < (assign.Previous?.Generation ?? assign.Generation))) _assignments.TryRemove(old, out _);
        }
        Reach(message.Generation);
    }

    /// <summary>Adds what a shard's message needs on another node.</summary>
    public void Attach(MemberMessage message, Contract.Envelope envelope, List<TensorBytes> tensors, PeerRoute route)
    {
        switch (message)
        {
            case ShardCommitted m when route.IsNews(m.Server, m.Generation, m.Version, out bool hasBefore):
                // Nothing has changed in a step that was left unapplied.
                if (!m.Skipped || !hasBefore) AttachCommitted(m, hasBefore, envelope, tensors, route);
                break;
            case ShardCaptured m:
                AttachCaptured(m, envelope, tensors);
                break;
        }
    }

    /// <summary>Where a tensor of a shard's message goes on this node.</summary>
    public TensorTarget Destination(Contract.Envelope envelope, int tensor, long byteCount)
    {
        Generation generation = envelope.Generation.ToProtocol();
        if (!Reach(generation)) return TensorTarget.Discard;
        switch (envelope.BodyCase)
        {
            case Contract.Envelope.BodyOneofCase.ShardCommitted:
                return Arrival(envelope).Target(envelope, tensor, byteCount);
            case Contract.Envelope.BodyOneofCase.ShardCaptured:
                ParameterShard range = envelope.ShardCaptured.Range.ToProtocol(), trained = range.Before(Layout.TrainedCount);
                if (tensor > 0) return Fitting(memory.Snapshots.State(StateOf(tensor)).Memory, trained.ToContract(), byteCount);
                return Fitting(Captured(envelope.ShardCaptured.Target.ToProtocol()), envelope.ShardCaptured.Range, byteCount);
            default:
                throw new RpcException(StatusCode.Internal, $"a {envelope.BodyCase} has no tensors that go into parameters");
        }
    }

    /// <summary>Copies what a peer on this machine has left where it lies, and decodes what came encoded; the rest is in its place.</summary>
    /// <returns>False: the message is of a generation that is void.</returns>
    public bool Take(Contract.Envelope envelope, ReadOnlySpan<TensorBytes> tensors)
    {
        if (!Reach(envelope.Generation.ToProtocol())) return false;
        if (envelope.BodyCase == Contract.Envelope.BodyOneofCase.ShardCommitted)
        {
            if (tensors.Length > 0) Arrival(envelope).Place(envelope, tensors);
            return true;
        }
        for (int i = 0; i < tensors.Length; i++)
        {
            if (envelope.Tensors[i].Place is null) continue;
            TensorTarget target = Destination(envelope, i, tensors[i].ByteCount);
            if (target.Discards) return false;
            tensors[i].Range(0, (int)tensors[i].ByteCount).CopyTo(target.Range(0, (int)tensors[i].ByteCount));
        }
        return true;
    }

    private void AttachCommitted(ShardCommitted message, bool hasBefore, Contract.Envelope envelope, List<TensorBytes> tensors, PeerRoute route)
    {
        Assignment assignment = _assignments[message.Generation];
        envelope.ShardCommitted.Range = assignment.Shard(message.Server).ToContract();
        if (!_announced.TryGetValue(message.Server, out (Generation Generation, ShardAnnouncement Announcement) at) || at.Generation != message.Generation)
            _announced[message.Server] = at = (message.Generation, new ShardAnnouncement(memory, _servers[message.Server].Shard(message.Generation)));
        // The server waits for the node's gradients before it writes again; but not where no worker there has a slice.
        bool waits = memory.Job.Consistency.IsSynchronous
            && route.Members.Any(w => w.Role == Role.Worker && assignment.HasWorker(w.Index) && assignment.Subtrees(w.Index).Count > 0);
        envelope.ShardCommitted.Rows = hasBefore && at.Announcement.IsStep(message.Version);
        at.Announcement.Add(message.Version, envelope.ShardCommitted.Rows, route.Link, waits, tensors);
    }

    private ShardArrival Arrival(Contract.Envelope envelope) => _arrivals.GetOrAdd(envelope.ShardCommitted.Server, _ => new ShardArrival(memory));

    private void AttachCaptured(ShardCaptured message, Contract.Envelope envelope, List<TensorBytes> tensors)
    {
        ParameterShard shard = _assignments[message.Generation].Shard(message.Server);
        envelope.ShardCaptured.Range = shard.ToContract();
        if (shard.Count == 0) return;
        tensors.Add((ReadOnlyMemory<float>)Captured(message.Target).Slice(shard.Offset, shard.Count));
        ParameterShard trained = shard.Before(Layout.TrainedCount);
        if (message.Target != CaptureTarget.Checkpoint || trained.Count == 0) return;
        for (int i = 0; i < memory.Optimizer.StateCount; i++)
            tensors.Add((ReadOnlyMemory<float>)memory.Snapshots.State(i).Memory.Slice(trained.Offset, trained.Count));
    }

    private Memory<float> Captured(CaptureTarget target) => target switch
    {
        CaptureTarget.Checkpoint => memory.Snapshots.Parameters.Memory,
        CaptureTarget.Best or CaptureTarget.KeptBest => memory.Snapshots.Best.Memory,
        _ => memory.Parameters.Memory,
    };

    private int StateOf(int tensor) => tensor <= memory.Optimizer.StateCount
        ? tensor - 1 : throw new RpcException(StatusCode.Internal, $"the optimizer keeps {memory.Optimizer.StateCount} numbers a parameter, and a tensor of a further one came");

    private static TensorTarget Fitting(Memory<float> buffer, Contract.ParameterShard? range, long byteCount)
    {
        ParameterShard shard = range.ToProtocol();
        if (shard.Offset < 0 || shard.Count < 0 || shard.End > buffer.Length || shard.Count * (long)sizeof(float) != byteCount)
            throw new RpcException(StatusCode.Internal, $"{byteCount} bytes came for {shard}, of {buffer.Length} that there are");
        return buffer.Slice(shard.Offset, shard.Count);
    }

    /// <returns>False where the generation is older than one that was seen.</returns>
    private bool Reach(Generation generation)
    {
        lock (_lock)
        {
            if (generation < _newest) return false;
            _newest = generation;
            return true;
        }
    }
}
