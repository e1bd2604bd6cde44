using System.Collections.Concurrent;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Wire.Members;
using DistBp.Learning;
using DistBp.Protocol;
using DistBp.Protocol.Messages;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Hosting;

/// <summary>
/// Gradients that leave while backward still computes: the last layers' first, in ranges of some size. What a peer reads where it lies, or gets encoded, or
/// has rows of tables, goes as a whole.
/// </summary>
internal sealed class PushAhead(ClusterTransport transport, TrainingMemory memory, ShardTraffic traffic)
{
    /// <summary>Less is not worth a write of its own.</summary>
    private const int LeastFloats = 16 << 10;

    private readonly ConcurrentDictionary<(int Worker, int Server, Subtree Subtree), Part> _parts = [];

    private ParameterLayout Layout => memory.Network.Parameters;

    public GradientAhead? Begin(Generation generation, int worker, Subtree subtree, ReadOnlyMemory<float> dense)
    {
        if (!memory.Job.Consistency.IsExact || !memory.Job.Wire.Gradients.IsExact || Layout.SparseViews.Count > 0) return null;
        return (step, from) => Advance(new PushOf(generation, worker, step, subtree), from, dense);
    }

    /// <summary>Sends the rest of a push of which a part has left already.</summary>
    /// <param name="envelope">The whole message.</param>
    /// <returns>False: nothing of it has left.</returns>
    public bool TryFinish(int server, PushGradient push, Contract.Envelope envelope)
    {
        if (!_parts.TryRemove((push.Worker, server, push.Subtree), out Part? part)) return false;
        if (part.Push != new PushOf(push.Generation, push.Worker, push.Step, push.Subtree))
        {
            part.Abandon();
            return false;
        }
        part.Finish(envelope);
        return true;
    }

    private void Advance(PushOf push, int from, ReadOnlyMemory<float> dense)
    {
        if (traffic.AssignmentOf(push.Generation) is not { } assignment) return;
        for (int i = 0; i < assignment.Servers.Count; i++)
        {
            int server = assignment.Servers[i];
            if (transport.RouteTo(Address.Server(server)) is not { } route) continue;
            var key = (push.Worker, server, push.Subtree);
            Part? part = _parts.TryGetValue(key, out Part? open) && open.Push == push ? open : Replace(key, push, assignment.Shard(server), route, dense);
            part?.Advance(from);
        }
    }

    /// <summary>After a change of members the computation of the generation before may still be under way, on another thread: what is newer stays.</summary>
    private Part? Replace((int Worker, int Server, Subtree Subtree) key, PushOf push, ParameterShard shard, PeerRoute route, ReadOnlyMemory<float> dense)
    {
        lock (_parts)
        {
            if (_parts.TryGetValue(key, out Part? old))
            {
                if (old.Push.Generation > push.Generation) return null;
                old.Abandon();
            }
            Part? part = Open(push, key.Server, shard, route, dense);
            if (part is null) _parts.TryRemove(key, out _);
            else _parts[key] = part;
            return part;
        }
    }

    private Part? Open(PushOf push, int server, ParameterShard shard, PeerRoute route, ReadOnlyMemory<float> dense)
    {
        int begin = Layout.DenseOffset(shard.Offset), end = Layout.DenseOffset(shard.End);
        TensorBytes tensor = dense[begin..end];
        if (begin == end || route.Link.Shares(tensor)) return null;
        Contract.Envelope announcement = MessageCodec.Encode(
            transport.Job, Address.Worker(push.Worker), Address.Server(server),
            new PushGradient(push.Generation, push.Worker, push.Step, push.Subtree, new GradientPart(default, []), default), []);
        return new Part(push, route.Link.Begin(announcement, [tensor]), begin, Math.Clamp(Layout.DenseTrainedCount, begin, end), end);
    }

    private readonly record struct PushOf(Generation Generation, int Worker, long Step, Subtree Subtree);

    /// <summary>Of the flat gradient [Begin, End), of which what is trained ends at <paramref name="TrainedEnd"/>.</summary>
    private sealed record Part(PushOf Push, PartialMessage Message, int Begin, int TrainedEnd, int End)
    {
        private readonly Lock _lock = new();

        /// <summary>What is trained has left from here on.</summary>
        private int _sentFrom = TrainedEnd;
        private bool _isOver;

        public void Advance(int from)
        {
            lock (_lock)
            {
                from = Math.Max(from, Begin);
                if (_isOver || _sentFrom - from < LeastFloats) return;
                Send(from, _sentFrom);
                _sentFrom = from;
            }
        }

        public void Finish(Contract.Envelope envelope)
        {
            lock (_lock)
            {
                _isOver = true;
                Send(Begin, _sentFrom);
                Send(TrainedEnd, End);
                Message.Finish(envelope);
            }
        }

        /// <summary>The receiver forgets what of it has come: whoever computes it still sends no more.</summary>
        public void Abandon()
        {
            lock (_lock)
            {
                if (!_isOver) Message.Abandon();
                _isOver = true;
            }
        }

        private void Send(int first, int last)
        {
            if (last > first) Message.Send(0, (long)(first - Begin) * sizeof(float), (long)(last - first) * sizeof(float));
        }
    }
}
