using DistBp.Cluster.Nodes.Jobs;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Wire.Status;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes;

/// <summary>distbp.v1.Status on the coordinator's node.</summary>
internal sealed class StatusService(NodeContext node, ClusterMembers members, JobQueue queue)
{
    public ClusterStatus Describe()
    {
        var status = new ClusterStatus
        {
            Cluster = node.Configuration.Cluster.Name,
            Version = ProductVersion.Current,
            Coordinator = node.Name,
            Address = node.Endpoint.ToString(),
        };
        status.Members.AddRange(DescribeMembers());
        status.Jobs.AddRange(queue.Jobs.OrderBy(j => j.State is JobState.Running ? 0 : j.State is JobState.Waiting ? 1 : 2).Select(Describe));
        return status;
    }

    private List<MemberStatus> DescribeMembers()
    {
        IReadOnlyList<(RosterEntry Entry, TimeSpan? StepTime)> entries = members.Entries;
        TimeSpan now = members.Now;
        var slow = new Queue<string>(StepPace.Judge([.. entries.Where(e => e.StepTime is not null).Select(e => e.StepTime!.Value)]));
        return [.. entries.Select(e => Describe(e.Entry, e.StepTime, e.StepTime is null ? "" : slow.Dequeue(), now))];
    }

    private static MemberStatus Describe(RosterEntry entry, TimeSpan? stepTime, string slow, TimeSpan now)
    {
        MemberDescription member = entry.Member;
        var status = new MemberStatus
        {
            Name = member.Id.Name,
            Address = member.Endpoint,
            Workers = (uint)member.Workers,
            State = entry.State switch
            {
                MemberState.Active => "active",
                MemberState.Leaving => "leaving",
                _ => "released",
            },
            SecondsSinceJoin = (now - entry.JoinedAt).TotalSeconds,
            SecondsSinceHeard = member.IsHere ? 0 : (now - entry.HeardAt).TotalSeconds,
            Slow = slow,
        };
        status.Roles.Add(RoleCodes.Write(member.Roles));
        if (stepTime is { } step) status.StepSeconds = step.TotalSeconds;
        return status;
    }

    private static JobStatus Describe(QueuedJob job)
    {
        RunStarted? started = job.Recorder.Started;
        StepFigures step = job.Recorder.Step;
        var status = new JobStatus
        {
            Id = job.Submitted.Id,
            Name = job.Submitted.Job.Name,
            State = job.StateName,
            Step = (ulong)Math.Max(step.Step, started?.StartStep ?? 0),
            TotalSteps = (ulong)(started?.TotalSteps ?? 0),
            Epoch = (uint)step.Epoch,
            Epochs = (uint)job.Submitted.Job.Epochs,
            Folder = started?.Folder ?? "",
            Error = job.Error,
        };
        if (step.Samples > 0) status.Loss = step.Loss;
        return status;
    }
}
