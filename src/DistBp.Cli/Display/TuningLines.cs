using DistBp.Cluster.Tuning;

namespace DistBp.Cli.Display;

/// <summary>The progress of a search: a line a trial, in the order of their numbers.</summary>
internal sealed class TuningLines(TextWriter output) : ITuningObserver
{
    private int _planned;
    private int _width;

    public void OnStarted(string job, string folder, int planned, int parallel, int earlier)
    {
        (_planned, _width) = (planned, planned.ToString(System.Globalization.CultureInfo.InvariantCulture).Length);
        string done = earlier > 0 ? $", {NumberText.Count(earlier)} of them over already" : "";
        output.WriteLine($"{job}: {NumberText.Count(planned, "trial")}{done}, {NumberText.Count(parallel)} at a time; {folder}");
    }

    public void OnTrial(TrialOutcome trial, TrialOutcome? best)
    {
        string number = trial.Trial.ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(_width);
        string settings = string.Join("  ", trial.Settings.Select(s => $"{s.Key} {TuningText.Setting(s.Value)}"));
        string mark = best?.Trial == trial.Trial ? "  best so far" : "";
        output.WriteLine($"trial {number}/{_planned}  {TuningText.Outcome(trial)}  {settings}  {NumberText.Duration(TimeSpan.FromSeconds(trial.Seconds))}{mark}");
    }
}
