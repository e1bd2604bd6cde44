using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Lanes;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members;
using DistBp.Protocol;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Hosting;

/// <summary>Carries a job's messages on one node: to its own actors by reference, to those of other nodes over a link to each.</summary>
/// <param name="hosting">Of the actors that are here.</param>
/// <param name="self">This node as its peers know it.</param>
/// <param name="broken">Is told of a link that carries no more.</param>
/// <param name="coordinatorBroken">Is told so of the link to the coordinator.</param>
internal sealed class ClusterTransport(
    long job, IActorHosting hosting, PeerNode self, CallCredentials credentials, GrpcLimits limits, JobSegments segments, Action<PeerNode, RpcException> broken,
    Action<PeerNode, RpcException> coordinatorBroken)
    : ITransport, IAsyncDisposable
{
    /// <summary>Of the metadata of a link's call: who sends.</summary>
    public const string NodeKey = "distbp-node";

    /// <summary>And for which job: who takes no part in it refuses the link.</summary>
    public const string JobKey = "distbp-job";

    /// <summary>Less than an introduction may take: who asks for the link can still say which peer it is.</summary>
    private static readonly TimeSpan MaxConnecting = JobCalls.MaxIntroducing / 2;

    private readonly ConcurrentDictionary<Address, Actor> _own = [];
    private readonly ConcurrentDictionary<Address, PeerRoute> _routes = [];
    private readonly Dictionary<PeerNode, PeerRoute> _peers = [];
    private readonly SemaphoreSlim _introducing = new(1, 1);
    private readonly TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytesOfClosed;

    /// <summary>Faults with the first failure; never completes otherwise.</summary>
    public Task Failure => _failure.Task;

    public bool HasFailed => _failure.Task.IsFaulted;

    /// <summary>Sees every message between members that is sent from here, and adds tensors that are not part of it.</summary>
    public ShardTraffic? Traffic { get; set; }

    /// <summary>Whether a worker may change its gradients while they leave: servers do not wait for all of them.</summary>
    public bool CopiesGradients { get; set; }

    /// <summary>Has sent parts of gradients while they were computed.</summary>
    public PushAhead? Ahead { get; set; }

    /// <summary>Is told when a peer applies nothing any more of a generation that this node sends in.</summary>
    public Action<PeerNode, Wire.Members.Contract.Fence>? Fenced { get; set; }

    /// <summary>
    /// By which messages without tensors go to and from the coordinator: asked for with the other node. Null, or where there is none: all go over the link, in one order.
    /// </summary>
    public Func<PeerNode, ControlLane?>? LaneTo { get; init; }

    /// <summary>The job's number in the cluster.</summary>
    public long Job => job;

    /// <summary>What all links have carried from here.</summary>
    public long BytesSent
    {
        get
        {
            lock (_peers) return _bytesOfClosed + _peers.Values.Sum(p => p.Link.ByteCount);
        }
    }

    public void Register(Actor actor)
    {
        actor.BeHosted(hosting, job);
        _own[actor.Address] = actor;
    }

    public Actor? Own(Address member) => _own.GetValueOrDefault(member);

    public void Send(Address from, Address target, Message message)
    {
        var sent = (MemberMessage)message;
        Traffic?.Note(sent);
        if (_own.TryGetValue(target, out Actor? actor))
        {
            actor.Post(sent);
            return;
        }
        // Who is gone is answered for by the coordinator.
        if (!_routes.TryGetValue(target, out PeerRoute? route)) return;
        var tensors = new List<TensorBytes>();
        Wire.Members.Contract.Envelope envelope = MessageCodec.Encode(job, from, target, sent, tensors);
        if (sent is PushGradient push && Ahead is { } ahead && ahead.TryFinish(target.Index, push, envelope)) return;
        Traffic?.Attach(sent, envelope, tensors, route);
        if (CopiesGradients && sent is PushGradient) tensors = [.. tensors.Select(t => t.Copy())];
        if (tensors.Count == 0 && route.Lane is { } lane) lane.Send(envelope);
        // The coordinator counts steps; what it must know at once, as that all have stopped, takes these along.
        else route.Link.Send(envelope, tensors, mayWait: sent is StepCommitted);
    }

    /// <summary>Null: the member is here, or nowhere.</summary>
    public PeerRoute? RouteTo(Address member) => _routes.GetValueOrDefault(member);

    public void Fail(Exception failure) => _failure.TrySetException(failure);

    /// <summary>Opens links to nodes that are new, and closes those to nodes that are gone.</summary>
    /// <returns>
    /// Nodes that there is no link to, for they do not answer, or the link that there was is broken: what was sent over it may be lost. The detail names the node.
    /// </returns>
    public async Task<IReadOnlyList<(PeerNode Node, RpcException Why)>> IntroduceAsync(IReadOnlyList<MemberPlace> places, CancellationToken cancellation)
    {
        await _introducing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            ILookup<PeerNode, Address> members = places.Where(p => p.Node != self).ToLookup(p => p.Node, p => p.Member);
            await CloseAsync(node => !members.Contains(node)).ConfigureAwait(false);
            RpcException?[] problems = await Task.WhenAll(members.Select(peer => LinkAsync(peer.Key, [.. peer], cancellation))).ConfigureAwait(false);
            return [.. members.Zip(problems).Where(p => p.Second is not null).Select(p => (p.First.Key, p.Second!))];
        }
        finally
        {
            _introducing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync(_ => true).ConfigureAwait(false);
        foreach (Actor actor in _own.Values) actor.End();
        segments.Dispose();
        _introducing.Dispose();
    }

    /// <returns>Null where there is a link.</returns>
    private async Task<RpcException?> LinkAsync(PeerNode peer, IReadOnlyList<Address> members, CancellationToken cancellation)
    {
        lock (_peers)
        {
            if (_peers.TryGetValue(peer, out PeerRoute? known)) return known.Link.Error;
        }
        NodeLink link;
        try
        {
            link = await ConnectAsync(peer, members.Contains(Address.Coordinator) ? coordinatorBroken : broken, cancellation).ConfigureAwait(false);
        }
        catch (RpcException unreachable)
        {
            return unreachable;
        }
        bool isControl = members.Contains(Address.Coordinator) || _own.ContainsKey(Address.Coordinator);
        var route = new PeerRoute(peer, link, members, isControl ? LaneTo?.Invoke(peer) : null);
        lock (_peers) _peers[peer] = route;
        segments.Add(link);
        foreach (Address member in members) _routes[member] = route;
        return null;
    }

    private async Task<NodeLink> ConnectAsync(PeerNode peer, Action<PeerNode, RpcException> failed, CancellationToken cancellation)
    {
        var metadata = new Metadata { { NodeKey, self.Name }, { JobKey, job.ToString(CultureInfo.InvariantCulture) } };
        foreach ((string key, string value) in credentials.Metadata) metadata.AddReceived(key, value);
        EndPoint address = IPAddress.TryParse(peer.Endpoint.Host, out IPAddress? ip)
            ? new IPEndPoint(ip, peer.Endpoint.Port) : new DnsEndPoint(peer.Endpoint.Host, peer.Endpoint.Port);
        using var due = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        due.CancelAfter(MaxConnecting);
        try
        {
            return await NodeLink.ConnectAsync(address, peer.Name, metadata, limits, end => failed(peer, end), due.Token, fence => Fenced?.Invoke(peer, fence)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new RpcException(StatusCode.Unavailable, $"{peer.Name}: at {peer.Endpoint} it has not admitted this node within {MaxConnecting.TotalSeconds} s");
        }
    }

    private async Task CloseAsync(Predicate<PeerNode> isGone)
    {
        PeerRoute[] gone;
        lock (_peers) gone = [.. _peers.Values.Where(p => isGone(p.Node))];
        foreach (PeerRoute peer in gone)
        {
            foreach (Address member in peer.Members) _routes.TryRemove(member, out _);
            lock (_peers)
            {
                _peers.Remove(peer.Node);
                _bytesOfClosed += peer.Link.ByteCount;
            }
            segments.Remove(peer.Link);
            await peer.Link.DisposeAsync().ConfigureAwait(false);
        }
    }
}
