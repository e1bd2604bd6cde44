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
        if (!memory.Job.Wire.Gradients.IsExact || Layout.SparseViews.Count > 0) return null;
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
            part.Message.Abandon();
            return false;
        }
        part.Send(part.Begin, part.SentFrom);
        part.Send(part.TrainedEnd, part.End);
        part.Message.Finish(envelope);
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
            if (!_parts.TryGetValue(key, out Part? part) || part.Push != push)
            {
                part?.Message.Abandon();
                part = Open(push, server, assignment.Shard(server), route, dense);
                if (part is null) continue;
                _parts[key] = part;
            }
            part.Advance(from);
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
        /// <summary>What is trained has left from here on.</summary>
        public int SentFrom { get; private set; } = TrainedEnd;

        public void Advance(int from)
        {
            from = Math.Max(from, Begin);
            if (SentFrom - from < LeastFloats) return;
            Send(from, SentFrom);
            SentFrom = from;
        }

        public void Send(int first, int last)
        {
            if (last > first) Message.Send(0, (long)(first - Begin) * sizeof(float), (long)(last - first) * sizeof(float));
        }
    }
}
