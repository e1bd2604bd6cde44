using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Jobs;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Hosting;
using DistBp.Learning.Data;
using DistBp.Protocol.Membership;
using DistBp.Protocol.Messages;
using Google.Protobuf;

namespace DistBp.Cluster.Hosting;

/// <summary>What a node does for jobs: takes part in those of its coordinator, and, on the coordinator's node, runs them on the cluster.</summary>
internal sealed class ClusterRunner
{
    private readonly NodeContext _node;
    private readonly NodeJobs _jobs;
    private readonly ConcurrentDictionary<long, ClusterRun> _runs = [];

    private ClusterRunner(NodeContext node)
    {
        (_node, _jobs) = (node, new NodeJobs(node));
        _jobs.AddTo(node.Lanes.Calls);
        node.Lanes.Calls.Add(HostingMethods.Complain, (complaint, _) => Task.FromResult(Complain(complaint)));
        node.Lanes.Deliver = envelope => _jobs.Deliver(envelope, []);
    }

    public static NodeParts Create(NodeContext node)
    {
        var runner = new ClusterRunner(node);
        return new NodeParts(runner.RunAsync)
        {
            AddMethods = runner.AddTo, Admitted = runner._jobs.Admitted, Hosted = runner._jobs.Hosted, Describe = runner._jobs.Describe, Resident = runner._jobs,
        };
    }

    private void AddTo(GrpcServices services)
    {
        _jobs.AddTo(services);
        _node.Lanes.Calls.AddTo(services);
    }

    private ComplaintNoted Complain(Complaint complaint)
    {
        if (_runs.TryGetValue(complaint.Job, out ClusterRun? run)) run.Complain(complaint);
        return new ComplaintNoted();
    }

    private async Task<RunResult> RunAsync(
        SubmittedJob job, JobRecord record, IClusterMembers members, IReadOnlyList<IRunObserver> observers, CancellationToken stop)
    {
        StoredJob stored = record.Stored;
        bool goesOn = stored.Start is not null;
        if (goesOn) await ReturnAsync(job, stored, members, stop).ConfigureAwait(false);
        ClusterMember[] there = [.. members.Members];
        TrainingOptions options = job.Options with
        {
            Workers = Math.Max(1, there.Where(m => m.Roles.HasFlag(NodeRoles.Worker)).Sum(m => m.Workers)),
            Servers = Math.Max(1, there.Count(m => m.Roles.HasFlag(NodeRoles.Server))),
            OutFolder = goesOn ? stored.Start!.Folder : job.Options.OutFolder,
            Resume = goesOn || job.Options.Resume,
        };
        var variant = new SessionVariant
        {
            Cluster = session => Cluster(job, record, members, session, goesOn),
            TakesOver = goesOn,
            FencesFolder = goesOn && _node.Rendezvous.Elects,
            IsHeld = () => record.IsHeld,
            Began = goesOn && stored.Began > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(stored.Began) : null,
            Restarts = goesOn ? stored.Reigns - 1 : null,
            OutlivesCoordinator = true,
        };
        try
        {
            return await TrainingSession.RunAsync(job.Job, options, variant, observers, stop).ConfigureAwait(false);
        }
        catch (Exception) when (goesOn && !_runs.ContainsKey(job.Number) && record.IsHeld)
        {
            // Nobody else tells those who hold a part of it.
            var calls = new JobCalls(_node, new Enlistment { Job = job.Number, Term = record.Term });
            IEnumerable<ClusterMember> holders = members.Members.Where(m => m.Jobs.Any(p => p.Job == job.Number));
            await Task.WhenAll(holders.Select(m => calls.DismissAsync(m, "it cannot go on"))).ConfigureAwait(false);
            throw;
        }
        finally
        {
            _jobs.Data.Withdraw(job.Number);
            _runs.TryRemove(job.Number, out _);
        }
    }

    private async Task ReturnAsync(SubmittedJob job, StoredJob stored, IClusterMembers members, CancellationToken stop)
    {
        IReadOnlyCollection<string> missing =
            await TakeoverWait.ForAsync(members, stored.Nodes, _node.Configuration.FailureDetector, stop).ConfigureAwait(false);
        string who = missing.Count == 0 ? "all that took part are back" : $"{string.Join(", ", missing.Order(StringComparer.Ordinal))} not back: without what they held";
        _node.Tell($"job {job.Id} is taken over: {who}");
    }

    private ClusterRun Cluster(SubmittedJob job, JobRecord record, IClusterMembers members, SessionParts session, bool takesOver)
    {
        TrainingMemory memory = session.Memory;
        int updated = memory.Network.Parameters.UpdatedCount;
        var enlistment = new Enlistment
        {
            Job = job.Number, Term = record.Term, JobText = JobFile.Write(job.Job), BaseFolder = job.Job.BaseFolder,
            Schema = UnsafeByteOperations.UnsafeWrap(session.Data.Schema.Write()), TrainSamples = session.Data.Train.Count,
            Constants = ByteString.CopyFrom(MemoryMarshal.AsBytes(memory.Parameters.Span[updated..])),
        };
        _jobs.Data.Share(job.Number, job.Job);
        var run = new ClusterRun(_node, members, _jobs, enlistment, record, session, takesOver);
        _runs[job.Number] = run;
        return run;
    }
}
