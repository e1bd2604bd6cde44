using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Tests.Wire.Members;

/// <summary>A node that keeps what is delivered to it.</summary>
internal sealed class RecordingHost : IDeliveryHost
{
    public const string SecretName = "distbp-secret", Secret = "open sesame";

    private readonly Channel<(Contract.Envelope Envelope, TensorBytes[] Tensors)> _delivered = Channel.CreateUnbounded<(Contract.Envelope, TensorBytes[])>();

    public ConcurrentQueue<Exception> Bugs { get; } = [];

    public TaskCompletionSource<RpcException?> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What is wanted of a tensor; by default memory of its own.</summary>
    public Func<Contract.Envelope, int, long, TensorTarget> Wanted { get; set; } = (_, _, count) => new TensorTarget(new byte[count], Contract.Encoding.Int8);

    /// <summary>Whether the rest of a message has become void; asked before each piece is written.</summary>
    public Func<Contract.Envelope, bool> Void { get; set; } = _ => false;

    /// <summary>The newest generation that was heard of.</summary>
    public Contract.Generation? Newest { get; set; }

    public Contract.Generation? FencedBy(Contract.Envelope envelope) => Newest;

    /// <summary>Who looks into rings.</summary>
    public Attendance? Attendance { get; set; }

    public Attendance? AttendanceOf(Metadata metadata) => Attendance;

    public bool IsVoid(Contract.Envelope envelope) => Void(envelope);

    public Task<GrpcServer> StartAsync(DeliveryLimits? limits = null, GrpcLimits? call = null) => GrpcServer.StartAsync(
        new(IPAddress.Loopback, 0), call ?? GrpcLimits.Default, new DeliveryService(this, limits ?? DeliveryLimits.Default).AddTo, Bugs.Enqueue);

    public ValueTask<(Contract.Envelope Envelope, TensorBytes[] Tensors)> NextAsync(CancellationToken cancellation) => _delivered.Reader.ReadAsync(cancellation);

    public bool HasDelivered => _delivered.Reader.TryPeek(out _);

    public string Admit(Metadata metadata, string address) => metadata.Get(SecretName) == Secret
        ? metadata.Get("distbp-node") ?? address
        : throw new RpcException(StatusCode.Unauthenticated, "the secret is wrong");

    public TensorTarget Destination(Contract.Envelope envelope, int tensor, long byteCount) => Wanted(envelope, tensor, byteCount);

    public void Deliver(Contract.Envelope envelope, ReadOnlySpan<TensorBytes> tensors) => _delivered.Writer.TryWrite((envelope, tensors.ToArray()));

    public void Closed(string peer, RpcException? why) => Ended.TrySetResult(why);
}
