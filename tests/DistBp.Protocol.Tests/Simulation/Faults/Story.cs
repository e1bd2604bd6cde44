using System.Globalization;
using System.Text.RegularExpressions;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>
/// A scenario to be read: what the cluster is, what happens when (milliseconds), and what must come of it.
/// <code>
/// cluster of 3 nodes, replication 1, a standby
/// cluster of 3 nodes, replication 1, slow copies
/// at 300 kill n2, back after 500
/// at 300 freeze n1 for 4000        at 300 freeze the coordinator for 5000
/// at 300 kill the coordinator, back after 200
/// at 300 cut n1 from n2 for 4000   at 300 cut n1 from the coordinator for 4000, one way
/// at 300 n4 joins                  at 300 n1 leaves
/// expect lost 0, reigns 1          expect lost some
/// expect reigns 2, steps alone 8   (that many at least, while there was no coordinator)
/// </code>
/// That the bits are the reference's is always expected.
/// </summary>
internal static partial class Story
{
    /// <summary>Some 200 ms a block.</summary>
    private const int SlowPartLength = 25;

    public static SimulatedCluster Play(string text, TrainingPlan plan, double limit)
    {
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Match head = Head().Match(lines[0]);
        Assert.True(head.Success, lines[0]);
        int partLength = head.Groups["slow"].Success ? SlowPartLength : 1500;
        var cluster = new SimulatedCluster(plan with { Replication = Number(head, "copies") }, 1, NetworkQuality.Good) { PartLength = partLength };
        int nodes = Number(head, "nodes");
        cluster.Start(nodes, nodes, standby: head.Groups["standby"].Success);
        foreach (string line in lines[1..].Where(l => l.StartsWith("at ", StringComparison.Ordinal)))
        {
            string[] words = line.Split(' ', 3);
            cluster.Clock.At(double.Parse(words[1], CultureInfo.InvariantCulture), () => Happen(cluster, words[2]));
        }
        cluster.Run(limit);
        Assert.True(cluster.Outcome is not null, $"no end: {cluster.Describe()}");
        foreach (string line in lines.Where(l => l.StartsWith("expect ", StringComparison.Ordinal))) Require(cluster, line);
        return cluster;
    }

    private static void Happen(SimulatedCluster cluster, string what)
    {
        Match m = Event().Match(what);
        Assert.True(m.Success, what);
        SimulatedNode? one = cluster.Nodes.Find(n => n.Name == m.Groups["one"].Value);
        double time = Number(m, "time");
        switch (m.Groups["verb"].Value)
        {
            case "kill" when one is null: cluster.KillCoordinator(time); break;
            case "kill":
                one.Kill();
                if (m.Groups["time"].Success) cluster.Clock.After(time, one.Start);
                break;
            case "freeze" when one is null: cluster.Coordinator.Freeze(time); break;
            case "freeze": one.Freeze(time); break;
            case "cut":
                string other = m.Groups["other"].Value == "the coordinator" ? cluster.Coordinator.Node : m.Groups["other"].Value;
                cluster.Partition(one!.Name, other, !m.Groups["oneway"].Success, time);
                break;
            case "joins": cluster.Join(works: true, serves: true); break;
            case "leaves": one!.Leave(); break;
        }
    }

    private static void Require(SimulatedCluster cluster, string line)
    {
        Match m = Expectation().Match(line);
        Assert.True(m.Success, line);
        if (m.Groups["some"].Success) Assert.True(cluster.Outcome!.LostSteps > 0, "no step is lost");
        else if (m.Groups["lost"].Success) Assert.Equal(Number(m, "lost"), cluster.Outcome!.LostSteps);
        if (m.Groups["reigns"].Success) Assert.Equal(Number(m, "reigns"), cluster.Reigns.Count);
        Assert.True(cluster.StepsAlone >= Number(m, "alone"), $"{cluster.StepsAlone} steps were made without a coordinator");
    }

    private static int Number(Match match, string group) => match.Groups[group].Success ? int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"^cluster of (?<nodes>\d+) nodes(, replication (?<copies>\d+))?(?<standby>, a standby)?(?<slow>, slow copies)?$")]
    private static partial Regex Head();

    [GeneratedRegex(@"^((?<verb>kill|freeze) (?<one>n\d+|the coordinator)(, back after (?<time>\d+)| for (?<time>\d+))?|(?<verb>cut) (?<one>n\d+) from (?<other>n\d+|the coordinator) for (?<time>\d+)(?<oneway>, one way)?|(?<one>n\d+) (?<verb>joins|leaves))$")]
    private static partial Regex Event();

    [GeneratedRegex(@"^expect( lost ((?<lost>\d+)|(?<some>some)))?,?( reigns (?<reigns>\d+))?,?( steps alone (?<alone>\d+))?$")]
    private static partial Regex Expectation();
}
