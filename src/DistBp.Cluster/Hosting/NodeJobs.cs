using System.Collections.Concurrent;
using System.Globalization;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Lanes;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Hosting;
using DistBp.Cluster.Wire.Members;
using DistBp.Cluster.Wire.Shared;
using DistBp.Learning;
using DistBp.Protocol;
using DistBp.Protocol.Membership;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Hosting;

/// <summary>The jobs that a node takes part in: enlists for the coordinator, takes its peers' messages.</summary>
internal sealed class NodeJobs : IDeliveryHost, IAsyncDisposable
{
    private readonly NodeContext _node;
    private readonly JobData _data;
    private readonly ConcurrentDictionary<long, JobHost> _hosts = [];

    /// <summary>The coordinator's own part of each job, where it is here; the node may take part in it as any other beside.</summary>
    private readonly ConcurrentDictionary<long, JobHost> _led = [];
    private readonly SemaphoreSlim _changing = new(1, 1);
    private ulong _incarnation;

    /// <summary>Of the coordinator that this node keeps to: one of an older reign has no say any more.</summary>
    private long _term;
    private long _bytesReceived;

    public NodeJobs(NodeContext node)
    {
        (_node, _data) = (node, new JobData(node));
        SegmentFile.RemoveStale();
    }

    /// <summary>The files of jobs that this node gives to others.</summary>
    public JobData Data => _data;

    /// <summary>What the coordinator calls.</summary>
    public void AddTo(CallTable calls)
    {
        calls.Add(HostingMethods.Enlist, EnlistAsync);
        calls.Add(HostingMethods.Introduce, IntroduceAsync);
        calls.Add(HostingMethods.AskPace, (request, _) => Task.FromResult(PaceOf(request)));
        calls.Add(HostingMethods.Dismiss, (dismissal, _) => DismissAsync(dismissal));
    }

    public void AddTo(GrpcServices services)
    {
        new DeliveryService(this, DeliveryLimits.Default, _node.Configuration.Wire.SharedMemory).AddTo(services);
        _data.AddTo(services);
    }

    /// <summary>The coordinator's own part of a job is among those that peers send to.</summary>
    public void Add(long job, JobHost host) => _led[job] = host;

    public void Remove(long job) => _led.TryRemove(job, out _);

    /// <summary>
    /// The node is a member. Where it has joined anew, what an earlier incarnation took part in goes on without it; else another coordinator goes on with it.
    /// </summary>
    public void Admitted(NodeAdmission admission) => _ = AdmittedAsync(admission);

    /// <summary>The jobs that this node takes part in.</summary>
    public IReadOnlyList<JobPart> Hosted() =>
        [.. _hosts.Where(h => h.Value.HasMembers).OrderBy(h => h.Key).Select(h => new JobPart(h.Key, h.Value.Workers, h.Value.Servers))];

    /// <summary>"job 3: worker 0: waiting, step 120 of those until 200; server 0: …"; "" without one.</summary>
    public string Describe() => string.Join("; ", _hosts.Where(h => h.Value.HasMembers).OrderBy(h => h.Key).Select(h => $"job {h.Key}: {h.Value.Describe()}"));

    public string Admit(Metadata metadata, string address)
    {
        string peer = metadata.Get(ClusterTransport.NodeKey)
            ?? throw new RpcException(StatusCode.InvalidArgument, $"the call has no {ClusterTransport.NodeKey}: it is no node's");
        string job = metadata.Get(ClusterTransport.JobKey)
            ?? throw new RpcException(StatusCode.InvalidArgument, $"the call has no {ClusterTransport.JobKey}: it is no node's of a job");
        if (long.TryParse(job, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && (_hosts.ContainsKey(number) || _led.ContainsKey(number))) return peer;
        throw new RpcException(StatusCode.FailedPrecondition, $"{_node.Name} takes no part in job {job}, and {peer} would send it messages of that job");
    }

    public Attendance? AttendanceOf(Metadata metadata) =>
        long.TryParse(metadata.Get(ClusterTransport.JobKey), NumberStyles.None, CultureInfo.InvariantCulture, out long job) ? _hosts.GetValueOrDefault(job)?.Attendance : null;

    public TensorTarget Destination(Contract.Envelope envelope, int tensor, long byteCount)
    {
        Interlocked.Add(ref _bytesReceived, byteCount);
        return HostOf(envelope) is { } host ? host.Destination(envelope, tensor, byteCount) : TensorTarget.Discard;
    }

    public bool IsVoid(Contract.Envelope envelope) => HostOf(envelope) is not { } host || host.IsVoid(envelope);

    public Contract.Generation? FencedBy(Contract.Envelope envelope) => HostOf(envelope)?.FencedBy(envelope);

    public void Deliver(Contract.Envelope envelope, ReadOnlySpan<TensorBytes> tensors)
    {
        // A job that has ended here: its last messages are under way.
        if (HostOf(envelope) is { } host) host.Deliver(envelope, tensors);
    }

    public void Closed(string peer, RpcException? why)
    {
        // Membership tells who is lost.
    }

    public async ValueTask DisposeAsync()
    {
        await EndAllAsync().ConfigureAwait(false);
        _data.Dispose();
        _changing.Dispose();
    }

    private JobHost? HostOf(Contract.Envelope envelope) =>
        (envelope.To.ToProtocol() == Address.Coordinator ? _led : _hosts).GetValueOrDefault(envelope.Job);

    private async Task AdmittedAsync(NodeAdmission admission)
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (admission.Incarnation > _incarnation) await BecomeAsync(admission.Incarnation).ConfigureAwait(false);
            Follow(admission.Term);
        }
        finally
        {
            _changing.Release();
        }
    }

    private void Follow(long term)
    {
        if (term > Volatile.Read(ref _term)) Volatile.Write(ref _term, term);
    }

    private async Task BecomeAsync(ulong incarnation)
    {
        _incarnation = incarnation;
        await EndAllAsync().ConfigureAwait(false);
    }

    private async Task EndAllAsync()
    {
        foreach (long job in _hosts.Keys)
        {
            if (_hosts.TryRemove(job, out JobHost? host)) await host.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<Enlisted> EnlistAsync(Enlistment enlistment, CancellationToken cancellation)
    {
        await _changing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            // The coordinator may call before this node has read its admission.
            if (enlistment.Incarnation > _incarnation) await BecomeAsync(enlistment.Incarnation).ConfigureAwait(false);
            Require(enlistment.Incarnation, enlistment.Term);
            if (_hosts.ContainsKey(enlistment.Job))
                throw new RpcException(StatusCode.AlreadyExists, $"{_node.Name} takes part in job {enlistment.Job} already");
            _hosts[enlistment.Job] = await Task.Run(() => HostAsync(enlistment, cancellation), cancellation).ConfigureAwait(false);
            _node.Tell($"takes part in job {enlistment.Job}: {Count(enlistment.Workers.Count, "worker")}, {Count(enlistment.Servers.Count, "server")}");
            return new Enlisted();
        }
        catch (UserException wrong)
        {
            throw new RpcException(StatusCode.InvalidArgument, wrong.Message, wrong);
        }
        finally
        {
            _changing.Release();
        }
    }

    private async Task<JobHost> HostAsync(Enlistment enlistment, CancellationToken cancellation)
    {
        var self = new PeerNode(_node.Name, enlistment.Incarnation, _node.Endpoint);
        var complaints = new Complaints(_node, enlistment.Job, self, () => Volatile.Read(ref _term));
        var segments = new JobSegments(_node.Configuration.Wire.SharedMemory, _node.Tell);
        EnlistedMemory memory = await EnlistedMemory.CreateAsync(enlistment, _data, segments.Allocate, cancellation).ConfigureAwait(false);
        var transport = new ClusterTransport(enlistment.Job, _node.Rendezvous.Hosting, self, _node.Credentials, _node.Limits, segments, complaints.Tell, complaints.TellOfCoordinator)
        {
            LaneTo = peer => _node.Lanes.ToCoordinator((long)peer.Incarnation),
        };
        _ = complaints.TellOfFailureAsync(transport.Failure);
        var host = new JobHost(memory.Training, transport, enlistment.Workers, enlistment.Servers) { Lease = memory };
        transport.Fenced = (peer, fence) => _ = complaints.TellOfFenceAsync(peer, fence, () => host.Traffic.Newest);
        return host;
    }

    private async Task<Introduced> IntroduceAsync(Introduction introduction, CancellationToken cancellation)
    {
        Require(introduction.Incarnation, introduction.Term);
        if (!_hosts.TryGetValue(introduction.Job, out JobHost? host))
            throw new RpcException(StatusCode.FailedPrecondition, $"{_node.Name} takes no part in job {introduction.Job}");
        MemberPlace[] places =
        [
            .. introduction.Places.Select(p => new MemberPlace(
                p.Member.ToProtocol(), new PeerNode(p.Node, p.Incarnation, NodeAddress.Parse(p.Endpoint, p.Node)))),
        ];
        IReadOnlyList<(PeerNode Node, RpcException Why)> unreachable = await host.Transport.IntroduceAsync(places, cancellation).ConfigureAwait(false);
        if (unreachable.Count > 0) throw new RpcException(StatusCode.Unavailable, string.Join('\n', unreachable.Select(u => u.Why.Detail)));
        return new Introduced();
    }

    private Pace PaceOf(PaceRequest request)
    {
        Require(request.Incarnation, request.Term);
        if (!_hosts.TryGetValue(request.Job, out JobHost? host)) return new Pace();
        (long steps, TimeSpan time) = host.Memory.Pace.Take();
        return new Pace { Steps = (ulong)steps, Seconds = time.TotalSeconds };
    }

    private async Task<Dismissed> DismissAsync(Dismissal dismissal)
    {
        Require(dismissal.Incarnation, dismissal.Term);
        if (!_hosts.TryRemove(dismissal.Job, out JobHost? host)) return new Dismissed();
        var dismissed = new Dismissed { BytesSent = (ulong)host.Transport.BytesSent, BytesReceived = (ulong)Interlocked.Exchange(ref _bytesReceived, 0) };
        await host.DisposeAsync().ConfigureAwait(false);
        _node.Tell($"job {dismissal.Job} is over here: {dismissal.Reason}");
        return dismissed;
    }

    private void Require(ulong incarnation, long term)
    {
        if (incarnation != _incarnation)
            throw new RpcException(StatusCode.FailedPrecondition, $"the call means {_node.Name} #{incarnation}, and here is #{_incarnation}");
        long newest = Volatile.Read(ref _term);
        if (term < newest) throw new RpcException(StatusCode.FailedPrecondition, $"the call is of reign {term}, and {_node.Name} is in reign {newest}");
        // The coordinator may call before this node has read its admission.
        Follow(term);
    }

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";
}
