using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DistBp.Chaos.Reports;

/// <summary>Which step was made when, from a run's events.</summary>
internal sealed partial class RunTimeline
{
    /// <summary>Of steps at most one in a tenth of a second is told of.</summary>
    private static readonly TimeSpan Together = TimeSpan.FromMilliseconds(250);

    private readonly List<(DateTime Time, long Step)> _steps = [];
    private readonly List<(DateTime Time, long Steps)> _losses = [];

    /// <param name="events">events.jsonl of a run that has ended.</param>
    public RunTimeline(string events)
    {
        foreach (string line in File.ReadLines(events))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement e = document.RootElement;
            DateTime time = e.GetProperty("time").GetDateTime();
            if (e.GetProperty("event").GetString() is "step" or "epoch") _steps.Add((time, e.GetProperty("step").GetInt64()));
            else if (e.GetProperty("event").GetString() == "warning" && WentBack().Match(e.GetProperty("message").GetString()!) is { Success: true } back) _losses.Add((time, Lost(back)));
        }
        if (_steps.Count < 2) throw new ChaosException($"{events} tells of {_steps.Count} steps: there is no rate");
    }

    public DateTime Begin => _steps[0].Time;

    /// <summary>From the first event of a step to the last one.</summary>
    public TimeSpan Length => _steps[^1].Time - Begin;

    /// <summary>All of the run but the first seconds, stalls included.</summary>
    public double StepsPerSecond(TimeSpan warmUp)
    {
        (DateTime Time, long Step) first = _steps.Find(s => s.Time >= Begin + warmUp), last = _steps[^1];
        return first.Time == default || first == last
            ? throw new ChaosException("the run was over before its rate could be measured")
            : (last.Step - first.Step) / (last.Time - first.Time).TotalSeconds;
    }

    /// <summary>
    /// The longest time in which no step was told of, among those that end after the first moment and begin before the second one; less the time that the steps take which
    /// were made meanwhile, and told of together at its end.
    /// </summary>
    /// <param name="stepsPerSecond">Of the undisturbed run.</param>
    public TimeSpan LongestStall(DateTime from, DateTime to, double stepsPerSecond)
    {
        TimeSpan longest = TimeSpan.Zero;
        for (int i = 1; i < _steps.Count; i++)
        {
            TimeSpan silence = _steps[i].Time - _steps[i - 1].Time;
            if (_steps[i].Time <= from || _steps[i - 1].Time >= to || silence <= longest) continue;
            (DateTime Time, long Step) told = _steps.FindLast(s => s.Time <= _steps[i].Time + Together);
            TimeSpan stepping = TimeSpan.FromSeconds(Math.Max(0, told.Step - _steps[i - 1].Step) / stepsPerSecond);
            TimeSpan stall = told.Time - _steps[i - 1].Time - stepping;
            if (stall > longest) longest = stall;
        }
        return longest;
    }

    /// <summary>Steps that were made again because all went back from them, between the two moments. (A step that a new coordinator tells of again is not lost.)</summary>
    public long StepsLost(DateTime from, DateTime to) => _losses.Where(l => l.Time > from && l.Time <= to).Sum(l => l.Steps);

    private static long Lost(Match back) => Number(back.Groups["from"]) - (back.Groups["to"].Success ? Number(back.Groups["to"]) : 0);

    private static long Number(Group digits) => long.Parse(digits.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex("all go back from step (?<from>[0-9]+) to (the beginning|the checkpoint of step (?<to>[0-9]+))")]
    private static partial Regex WentBack();
}
