using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Rendezvous.Etcd.Api;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;
using Google.Protobuf;

namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>
/// Coordinators in a queue: a candidate is a key that lives as long as its lease, the one that came first (lowest create_revision) leads, and each
/// other one waits for the one right before it to go. The consensus is etcd's.
/// </summary>
/// <param name="tell">Told whom the candidate waits for, and when etcd is out of reach.</param>
internal sealed class LeaderElection(EtcdClient etcd, ElectionOptions options, TimeProvider time, Action<string> tell)
{
    private static readonly TimeSpan PauseAfterWatch = TimeSpan.FromMilliseconds(20);

    /// <summary>Comes forward and waits, however long others lead. A lease that is lost meanwhile puts the candidate to the end of the queue.</summary>
    /// <exception cref="UserException">etcd refuses, or could not be reached for as long as members wait for their coordinator.</exception>
    /// <exception cref="OperationCanceledException">The candidate no longer wants to, and has gone from the queue.</exception>
    public async Task<Leadership> CampaignAsync(Candidate candidate, CancellationToken cancellation)
    {
        var patience = new ReconnectPatience(options.AcceptablePause, time);
        while (true)
        {
            try
            {
                Lease lease = await Lease.GrantAsync(etcd, options.Lease, time, cancellation).ConfigureAwait(false);
                patience.Reset();
                if (await CampaignAsync(candidate, lease, cancellation).ConfigureAwait(false) is { } won) return won;
                tell($"the candidate's lease is lost: {lease.LossReason}; coming forward again");
            }
            catch (RpcException failure)
            {
                TimeSpan? pause = EtcdFailure.IsTransient(failure) ? patience.Next() : null;
                if (pause is null) throw EtcdFailure.Tell(failure);
                tell($"{failure.Detail}; trying again");
                await Task.Delay(pause.Value, time, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <returns>Null: the lease was lost first.</returns>
    private async Task<Leadership?> CampaignAsync(Candidate candidate, Lease lease, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lease.Lost);
        Leadership? won = null;
        try
        {
            string key = options.Keys.Candidate(lease.Id);
            long revision = await ComeForwardAsync(key, candidate, lease.Id, either.Token).ConfigureAwait(false);
            if (await WaitAsync(key, revision, either.Token).ConfigureAwait(false)) won = new Leadership(lease, key, revision);
            return won;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            if (won is null) await LeaveAsync(lease).ConfigureAwait(false);
        }
    }

    /// <returns>The create_revision of the candidate's key. A request that was served twice finds what the first one did.</returns>
    private async Task<long> ComeForwardAsync(string key, Candidate candidate, long lease, CancellationToken cancellation)
    {
        ByteString name = ByteString.CopyFromUtf8(key);
        TxnResponse response = await etcd.TransactAsync(
            new TxnRequest
            {
                Compare = { Guard.CreatedAt(name, 0) },
                Success = { new RequestOp { RequestPut = new PutRequest { Key = name, Value = candidate.ToByteString(), Lease = lease } } },
                Failure = { new RequestOp { RequestRange = new RangeRequest { Key = name } } },
            },
            cancellation).ConfigureAwait(false);
        return response.Succeeded ? response.Header.Revision : response.Responses[0].ResponseRange.Kvs[0].CreateRevision;
    }

    /// <returns>True: nobody is before this candidate any more; false: its key is gone.</returns>
    private async Task<bool> WaitAsync(string key, long revision, CancellationToken cancellation)
    {
        string? told = null;
        while (true)
        {
            TxnResponse response = await etcd.TransactAsync(
                new TxnRequest
                {
                    Compare = { Guard.CreatedAt(ByteString.CopyFromUtf8(key), revision) },
                    Success = { new RequestOp { RequestRange = NextBefore(revision) } },
                },
                cancellation).ConfigureAwait(false);
            if (!response.Succeeded) return false;
            if (response.Responses[0].ResponseRange.Kvs is not [KeyValue before]) return true;
            Leader next = Leader.Of(before);
            if (next.Name != told) tell($"waiting behind the coordinator {next.Name} at {next.Address}");
            told = next.Name;
            await DeletionAsync(before.Key, response.Header.Revision, cancellation).ConfigureAwait(false);
        }
    }

    private RangeRequest NextBefore(long revision)
    {
        KeyRange candidates = KeyRange.Below(options.Keys.Candidates);
        return new RangeRequest
        {
            Key = candidates.Start,
            RangeEnd = candidates.End,
            MaxCreateRevision = revision - 1,
            SortTarget = RangeRequest.Types.SortTarget.Create,
            SortOrder = RangeRequest.Types.SortOrder.Descend,
            Limit = 1,
        };
    }

    private async Task DeletionAsync(ByteString key, long seen, CancellationToken cancellation)
    {
        var request = new WatchCreateRequest { Key = key, StartRevision = seen + 1, Filters = { WatchCreateRequest.Types.FilterType.Noput } };
        using EtcdWatch watch = await etcd.WatchAsync(request, cancellation).ConfigureAwait(false);
        if ((await watch.NextAsync().ConfigureAwait(false)).Count == 0) await Task.Delay(PauseAfterWatch, time, cancellation).ConfigureAwait(false);
    }

    /// <summary>Nobody must wait behind a candidate that is none any more.</summary>
    private async Task LeaveAsync(Lease lease)
    {
        string? failure = await lease.TryRevokeAsync(CancellationToken.None).ConfigureAwait(false);
        if (failure is not null) tell($"the candidate's lease runs out by itself: {failure}");
        await lease.DisposeAsync().ConfigureAwait(false);
    }
}
