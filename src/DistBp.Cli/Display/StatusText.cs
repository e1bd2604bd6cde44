using System.Globalization;
using DistBp.Cluster.Nodes.Clients;

namespace DistBp.Cli.Display;

/// <summary>A cluster's status, for people.</summary>
internal static class StatusText
{
    public static void Write(ClusterReport r, TextWriter output)
    {
        output.WriteLine(
            $"cluster {r.Cluster} at {r.Address} (coordinator {r.Coordinator}, distbp {r.Version}): "
            + $"{NumberText.Count(r.Members.Count, "member")}, {NumberText.Count(r.Jobs.Count, "job")}");
        if (r.Members.Count > 0) WriteMembers(r.Members, output);
        if (r.Jobs.Count > 0) WriteJobs(r.Jobs, output);
    }

    private static void WriteMembers(IReadOnlyList<MemberReport> members, TextWriter output)
    {
        output.WriteLine();
        TextColumns.Write(
            output,
            [
                ["member", "roles", "address", "workers", "state", "heard", "step", ""],
                .. members.Select(m => new[]
                {
                    m.Name, m.RolesText, m.Address, Whole(m.Workers), m.State, NumberText.Duration(m.SinceHeard),
                    m.StepTime is { } step ? NumberText.Duration(step) : "-", m.Slow.Length > 0 ? $"slow: {m.Slow}" : "",
                }),
            ],
            [false, false, false, true, false, true, true, false]);
    }

    private static void WriteJobs(IReadOnlyList<JobReport> jobs, TextWriter output)
    {
        output.WriteLine();
        TextColumns.Write(
            output,
            [
                ["job", "state", "epoch", "step", "loss", "folder"],
                .. jobs.Select(j => new[]
                {
                    j.Id, j.State, j.Epoch > 0 ? $"{Whole(j.Epoch)}/{Whole(j.Epochs)}" : "-", j.TotalSteps > 0 ? $"{Whole(j.Step)}/{Whole(j.TotalSteps)}" : "-",
                    j.Loss is { } loss ? NumberText.Real(loss) : "-", j.Folder,
                }),
            ],
            [false, false, true, true, true, false]);
        foreach (JobReport job in jobs.Where(j => j.Error.Length > 0)) output.WriteLine($"{job.Id}: {job.Error}");
    }

    private static string Whole(long number) => number.ToString(CultureInfo.InvariantCulture);
}
