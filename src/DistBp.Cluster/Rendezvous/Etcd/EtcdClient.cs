using DistBp.Cluster.Rendezvous.Etcd.Api;
using DistBp.Cluster.Wire.Grpc;
using Google.Protobuf;

namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>
/// Calls to the members of one etcd cluster. An endpoint that does not answer in time is left for the next one, and after the last comes the first again, until
/// the call's time is over: so a call may be served twice, and must be one that may.
/// </summary>
/// <remarks>Calls that fail throw an <see cref="RpcException"/> that names the endpoints; <see cref="EtcdFailure"/> tells it to the user.</remarks>
internal sealed class EtcdClient : IDisposable
{
    private static readonly TimeSpan PauseBetweenRounds = TimeSpan.FromMilliseconds(100), Shortest = TimeSpan.FromMilliseconds(1);

    private static readonly GrpcLimits ChannelLimits = GrpcLimits.Default with { MaxMessageBytes = EtcdLimits.MaxResponseBytes };

    // An endpoint without a majority behind it ends the watch instead of staying silent.
    private static readonly Metadata RequireLeader = new() { { "hasleader", "true" } };

    private readonly (string Name, GrpcChannel Channel)[] _endpoints;
    private readonly EtcdLimits _limits;
    private readonly TimeProvider _time;
    private int _current;

    /// <param name="endpoints">URLs; at least one.</param>
    public EtcdClient(IReadOnlyList<string> endpoints, EtcdLimits limits, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfZero(endpoints.Count);
        _endpoints = [.. endpoints.Select(e => (e, new GrpcChannel(new Uri(e), ChannelLimits)))];
        (_limits, _time) = (limits, time);
    }

    public Task<RangeResponse> RangeAsync(RangeRequest request, CancellationToken cancellation) => CallAsync(EtcdMethods.Range, request, cancellation);

    public Task<TxnResponse> TransactAsync(TxnRequest request, CancellationToken cancellation) => CallAsync(EtcdMethods.Transact, request, cancellation);

    /// <summary>One request, one response.</summary>
    public Task<TResponse> CallAsync<TRequest, TResponse>(Method<TRequest, TResponse> method, TRequest request, CancellationToken cancellation)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
        => CallAsync(method, request, _limits.AttemptTimeout, _limits.CallTimeout, cancellation);

    /// <param name="attempt">For one endpoint.</param>
    /// <param name="timeout">For all.</param>
    public Task<TResponse> CallAsync<TRequest, TResponse>(
        Method<TRequest, TResponse> method, TRequest request, TimeSpan attempt, TimeSpan timeout, CancellationToken cancellation)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
        => OverEndpointsAsync(
            (channel, limit) => channel.UnaryAsync(method, request, timeout: limit, cancellation: cancellation), attempt, timeout, cancellation);

    /// <summary>Begins a watch, and returns when etcd has confirmed it.</summary>
    public Task<EtcdWatch> WatchAsync(WatchCreateRequest request, CancellationToken cancellation) => OverEndpointsAsync(
        (channel, limit) => EtcdWatch.OpenAsync(channel, request, RequireLeader, limit, _limits.WatchTimeout, cancellation),
        _limits.AttemptTimeout, _limits.CallTimeout, cancellation);

    public void Dispose()
    {
        foreach ((_, GrpcChannel channel) in _endpoints) channel.Dispose();
    }

    public override string ToString() => string.Join(", ", _endpoints.Select(e => e.Name));

    private async Task<T> OverEndpointsAsync<T>(
        Func<GrpcChannel, TimeSpan, Task<T>> call, TimeSpan attempt, TimeSpan timeout, CancellationToken cancellation)
    {
        long begin = _time.GetTimestamp();
        var failures = new RpcException?[_endpoints.Length];
        for (int attempts = 1; ; attempts++)
        {
            cancellation.ThrowIfCancellationRequested();
            int at = Volatile.Read(ref _current);
            TimeSpan left = timeout - _time.GetElapsedTime(begin), limit = left < attempt ? left : attempt;
            try
            {
                return await call(_endpoints[at].Channel, limit > Shortest ? limit : Shortest).ConfigureAwait(false);
            }
            catch (RpcException failure)
            {
                cancellation.ThrowIfCancellationRequested();
                if (!EtcdFailure.IsTransient(failure)) throw new RpcException(failure.Status, $"{failure.Detail} ({_endpoints[at].Name})", failure);
                failures[at] = failure;
                // Unless another call has left it already.
                Interlocked.CompareExchange(ref _current, (at + 1) % _endpoints.Length, at);
            }
            if (attempts % _endpoints.Length == 0) await Task.Delay(PauseBetweenRounds, _time, cancellation).ConfigureAwait(false);
            if (_time.GetElapsedTime(begin) >= timeout) throw Unreachable(failures);
        }
    }

    private RpcException Unreachable(RpcException?[] failures)
    {
        IEnumerable<string> tried = failures.Zip(_endpoints)
            .Where(pair => pair.First is not null)
            .Select(pair => $"{pair.Second.Name} ({pair.First!.Detail})");
        RpcException last = failures.First(f => f is not null)!;
        return new RpcException(StatusCode.Unavailable, $"etcd does not answer at {string.Join(", ", tried)}", last);
    }
}
