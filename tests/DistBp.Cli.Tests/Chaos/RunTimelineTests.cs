using DistBp.Chaos.Reports;

namespace DistBp.Cli.Tests.Chaos;

/// <summary>What the chaos runner makes of a run's events.</summary>
public sealed class RunTimelineTests
{
    private static readonly DateTime Begin = new(2026, 1, 2, 3, 4, 0, DateTimeKind.Utc);

    [Fact]
    public void Steps_are_lost_where_all_go_back_and_not_where_a_new_coordinator_tells_of_them_again()
    {
        using var folder = new TemporaryFolder();
        string events = folder.File(folder.Write("events.jsonl", $$"""
            {"event":"step","time":"{{Second(0)}}","step":10}
            {"event":"step","time":"{{Second(1)}}","step":50}
            {"event":"step","time":"{{Second(2)}}","step":40}
            {"event":"step","time":"{{Second(3)}}","step":90}
            {"event":"warning","time":"{{Second(4)}}","message":"a parameter shard is lost with its server: all go back from step 95 to the checkpoint of step 60"}
            {"event":"warning","time":"{{Second(6)}}","message":"a member is lost: all go back from step 70 to the beginning"}
            {"event":"warning","time":"{{Second(7)}}","message":"something else"}
            {"event":"epoch","time":"{{Second(8)}}","step":100}
            """));
        var timeline = new RunTimeline(events);
        Assert.Equal(0, timeline.StepsLost(Begin, Begin.AddSeconds(3.5)));
        Assert.Equal(35, timeline.StepsLost(Begin.AddSeconds(3.5), Begin.AddSeconds(5)));
        Assert.Equal(70, timeline.StepsLost(Begin.AddSeconds(5), DateTime.MaxValue));
        Assert.Equal(11.25, timeline.StepsPerSecond(TimeSpan.Zero));
    }

    private static string Second(int second) => Begin.AddSeconds(second).ToString("O");
}
