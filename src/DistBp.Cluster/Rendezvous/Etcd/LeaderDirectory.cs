using System.Runtime.CompilerServices;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Rendezvous.Etcd.Api;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;
using Google.Protobuf;

namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>How members and clients find the coordinator.</summary>
/// <param name="tell">Told when etcd is out of reach.</param>
internal sealed class LeaderDirectory(EtcdClient etcd, ElectionOptions options, TimeProvider time, Action<string> tell)
{
    private static readonly TimeSpan PauseAfterWatch = TimeSpan.FromMilliseconds(20), PauseOutOfReach = TimeSpan.FromSeconds(1);

    private readonly KeyRange _candidates = KeyRange.Below(options.Keys.Candidates);

    /// <summary>Waits for a leader where there is none yet, as long as members wait for their coordinator.</summary>
    /// <exception cref="UserException">There is still none, etcd refuses, or it could not be reached for as long.</exception>
    public async Task<Leader> FindAsync(CancellationToken cancellation)
    {
        var patience = new ReconnectPatience(options.AcceptablePause, time);
        using var limited = new CancellationTokenSource(patience.Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limited.Token);
        RpcException? outOfReach = new(
            StatusCode.DeadlineExceeded, FormattableString.Invariant($"etcd did not answer within {patience.Limit.TotalSeconds:0.#} s at {etcd}"));
        while (true)
        {
            try
            {
                Found now = await LookAsync(either.Token).ConfigureAwait(false);
                if (now.Leader is not null) return now.Leader;
                outOfReach = null;
                await EndAsync(now, either.Token).ConfigureAwait(false);
            }
            catch (RpcException failure)
            {
                if (!EtcdFailure.IsTransient(failure)) throw EtcdFailure.Tell(failure);
                outOfReach = failure;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw outOfReach is null ? NoLeader(patience.Limit) : EtcdFailure.Tell(outOfReach);
            }
        }
    }

    /// <summary>
    /// The leader now and at each change, null where there is none; a change that is followed by another one may be left out. While etcd is out of reach the
    /// last one stands, for nobody else can be elected: so this tries for as long as the caller wants it to.
    /// </summary>
    /// <exception cref="UserException">etcd refuses.</exception>
    public async IAsyncEnumerable<Leader?> WatchAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        Found? known = null;
        bool reached = true;
        while (true)
        {
            Found? next = null;
            try
            {
                next = known is { } last ? await ChangeAsync(last, cancellation).ConfigureAwait(false) : await LookAsync(cancellation).ConfigureAwait(false);
                reached = true;
            }
            catch (RpcException failure)
            {
                if (!EtcdFailure.IsTransient(failure)) throw EtcdFailure.Tell(failure);
                if (reached) tell($"{failure.Detail}; trying again");
                reached = false;
            }
            if (next is { } found)
            {
                known = found;
                yield return found.Leader;
            }
            else
            {
                await Task.Delay(PauseOutOfReach, time, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits until the leader is another one than that.</summary>
    private async Task<Found> ChangeAsync(Found known, CancellationToken cancellation)
    {
        while (true)
        {
            Found now = await LookAsync(cancellation).ConfigureAwait(false);
            if (now.Leader != known.Leader) return now;
            await EndAsync(now, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The candidate that came first, at one revision of the store.</summary>
    private async Task<Found> LookAsync(CancellationToken cancellation)
    {
        RangeResponse response = await etcd.RangeAsync(
            new RangeRequest
            {
                Key = _candidates.Start,
                RangeEnd = _candidates.End,
                SortTarget = RangeRequest.Types.SortTarget.Create,
                SortOrder = RangeRequest.Types.SortOrder.Ascend,
                Limit = 1,
            },
            cancellation).ConfigureAwait(false);
        return response.Kvs is [KeyValue first]
            ? new Found(Leader.Of(first), first.Key, response.Header.Revision)
            : Found.None with { Revision = response.Header.Revision };
    }

    /// <summary>
    /// Waits until what was found may no longer hold. A leader's key is deleted with its reign (that it is written meanwhile says nothing); where there is no
    /// leader, a candidate comes.
    /// </summary>
    private async Task EndAsync(Found found, CancellationToken cancellation)
    {
        WatchCreateRequest request = found.Leader is null
            ? new WatchCreateRequest { Key = _candidates.Start, RangeEnd = _candidates.End }
            : new WatchCreateRequest { Key = found.Key, Filters = { WatchCreateRequest.Types.FilterType.Noput } };
        request.StartRevision = found.Revision + 1;
        using EtcdWatch watch = await etcd.WatchAsync(request, cancellation).ConfigureAwait(false);
        if ((await watch.NextAsync().ConfigureAwait(false)).Count == 0) await Task.Delay(PauseAfterWatch, time, cancellation).ConfigureAwait(false);
    }

    private UserException NoLeader(TimeSpan waited) => new(
        ErrorKind.Cluster, FormattableString.Invariant($"there was no coordinator in etcd below {options.Keys} for {waited.TotalSeconds:0.#} s"),
        "distbp.rendezvous.etcd", "start a node with the role coordinator and the same etcd and prefix (distbp node --roles coordinator)");

    private readonly record struct Found(Leader? Leader, ByteString Key, long Revision)
    {
        public static readonly Found None = new(null, ByteString.Empty, 0);
    }
}
