using DistBp.Cluster.Rendezvous.Etcd.Api;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>
/// What happens to some keys, from a revision on. A watch ends sooner or later, and then whoever watches reads the keys anew and begins another from there:
/// no event is counted on, so none that is missed does harm.
/// </summary>
internal sealed class EtcdWatch : IDisposable
{
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _cancellation;
    private readonly ClientCall<WatchRequest, WatchResponse> _call;
    private bool _refused;

    private EtcdWatch(GrpcChannel channel, Metadata metadata, TimeSpan timeout, CancellationToken caller)
    {
        _caller = caller;
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(caller);
        _call = channel.Call(EtcdMethods.Watch, metadata, timeout, _cancellation.Token);
    }

    /// <param name="opening">How long the endpoint has to confirm.</param>
    /// <param name="timeout">How long the watch lives.</param>
    /// <exception cref="RpcException">It was not confirmed.</exception>
    public static async Task<EtcdWatch> OpenAsync(
        GrpcChannel channel, WatchCreateRequest request, Metadata metadata, TimeSpan opening, TimeSpan timeout, CancellationToken cancellation)
    {
        var watch = new EtcdWatch(channel, metadata, timeout, cancellation);
        bool confirmed = false;
        try
        {
            await watch.BeginAsync(request, opening).ConfigureAwait(false);
            confirmed = true;
            return watch;
        }
        finally
        {
            if (!confirmed) watch.Dispose();
        }
    }

    /// <summary>What has happened next; empty when the watch has ended: read anew what the keys are.</summary>
    public async Task<IReadOnlyList<Event>> NextAsync()
    {
        try
        {
            while (!_refused && await _call.ReadAsync().ConfigureAwait(false) is { } response)
            {
                // Among other reasons because the revision from which it was to tell is forgotten by now (compact_revision).
                if (response.Canceled) break;
                if (response.Events.Count > 0) return response.Events;
            }
        }
        catch (RpcException)
        {
            // The watch's time is over, or its endpoint has gone: reading anew tells whether etcd can be reached.
            _caller.ThrowIfCancellationRequested();
        }
        return [];
    }

    public void Dispose()
    {
        _call.Dispose();
        _cancellation.Dispose();
    }

    private async Task BeginAsync(WatchCreateRequest request, TimeSpan opening)
    {
        _cancellation.CancelAfter(opening);
        try
        {
            await _call.WriteAsync(new WatchRequest { CreateRequest = request }).ConfigureAwait(false);
            if (await _call.ReadAsync().ConfigureAwait(false) is not { Created: true } response)
                throw new RpcException(StatusCode.Unavailable, "the watch was not confirmed");
            _refused = response.Canceled;
        }
        catch (RpcException e) when (e.Status == StatusCode.Cancelled && _cancellation.IsCancellationRequested && !_caller.IsCancellationRequested)
        {
            throw new RpcException(StatusCode.DeadlineExceeded, $"the watch was not confirmed within {opening}", e);
        }
        _cancellation.CancelAfter(Timeout.InfiniteTimeSpan);
    }
}
