using System.Diagnostics;
using System.Net;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members;
using DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Benchmarks;

/// <summary>One of the two nodes of a <see cref="WirePair"/>: takes tensors into one memory, and answers a ping with a pong.</summary>
internal sealed class WireEnd : IDeliveryHost, IAsyncDisposable
{
    private const int BytesUnderWay = 8 << 20, MaxTensorBytes = 4 << 20;

    private readonly byte[] _sent = GC.AllocateUninitializedArray<byte>(MaxTensorBytes, pinned: true);
    private readonly byte[] _memory = GC.AllocateUninitializedArray<byte>(MaxTensorBytes, pinned: true);
    private readonly SemaphoreSlim _taken = new(0);
    private readonly SemaphoreSlim _ponged = new(0);
    private GrpcServer? _server;
    private NodeLink? _link;

    public WireEnd() => new Random(1).NextBytes(_sent);

    public async Task ListenAsync() => _server = await GrpcServer.StartAsync(
        new IPEndPoint(IPAddress.Loopback, 0), GrpcLimits.Default, new DeliveryService(this, DeliveryLimits.Default).AddTo,
        e => throw new UnreachableException("An end of the benchmark cannot fail.", e)).ConfigureAwait(false);

    public async Task ConnectAsync(WireEnd other) => _link = await NodeLink.ConnectAsync(
        other._server!.Address, "the other end", Metadata.Empty, GrpcLimits.Default, _ => { }, default).ConfigureAwait(false);

    public async Task SendAsync(WireEnd to, int tensorBytes, int messages)
    {
        ReadOnlyMemory<byte> sent = _sent.AsMemory(0, tensorBytes);
        TensorBytes[] tensors = [new TensorBytes(sent, Encoding.Float32)];
        int underWay = Math.Max(2, BytesUnderWay / tensorBytes);
        for (int i = 0; i < messages + underWay; i++)
        {
            if (i >= underWay) await to._taken.WaitAsync().ConfigureAwait(false);
            if (i < messages) _link!.Send(new Envelope { PushGradient = new() }, tensors);
        }
        if (!to._memory.AsSpan(0, tensorBytes).SequenceEqual(sent.Span)) throw new UnreachableException("A tensor came changed.");
    }

    public Task PingAsync()
    {
        _link!.Send(new Envelope { ServerReady = new() }, []);
        return _ponged.WaitAsync();
    }

    public string Admit(Metadata metadata, string address) => address;

    public TensorTarget Destination(Envelope envelope, int tensor, long byteCount) => new(_memory.AsMemory(0, (int)byteCount), Encoding.Float32);

    public void Deliver(Envelope envelope, ReadOnlySpan<TensorBytes> tensors)
    {
        if (envelope.BodyCase == Envelope.BodyOneofCase.PushGradient) _taken.Release();
        else if (envelope.BodyCase == Envelope.BodyOneofCase.ServerReady) _link!.Send(new Envelope { WorkerReady = new() }, []);
        else _ponged.Release();
    }

    public void Closed(string peer, RpcException? why)
    {
    }

    public async ValueTask DisposeAsync()
    {
        if (_link is not null) await _link.DisposeAsync().ConfigureAwait(false);
        if (_server is not null) await _server.DisposeAsync().ConfigureAwait(false);
        _taken.Dispose();
        _ponged.Dispose();
    }
}
