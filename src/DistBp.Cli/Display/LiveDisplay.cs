using System.Collections.Concurrent;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning.Diagnosis;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace DistBp.Cli.Display;

/// <summary>
/// A picture of the run that refreshes in place. Observer calls only store figures; a thread of its own draws them, ten times a second.
/// </summary>
internal sealed class LiveDisplay : IProgressDisplay
{
    private const int MaxPendingLines = 256;
    private const string ShowCursor = "\e[?25h";
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LastFrameTimeout = TimeSpan.FromSeconds(2);

    private readonly RunFigures _figures = new();
    private readonly ConcurrentQueue<(string Text, Color Color)> _lines = new();
    private readonly ManualResetEventSlim _finished = new();
    private readonly Thread _drawing;
    private readonly bool _statistics;
    private volatile RunResult? _result;
    private volatile StatisticsSample? _sample;

    /// <param name="statistics">Show the last sampled step at the end, however the run ends.</param>
    public LiveDisplay(bool statistics)
    {
        _statistics = statistics;
        _drawing = new Thread(Draw) { IsBackground = true, Name = "display", Priority = ThreadPriority.BelowNormal };
        _drawing.Start();
    }

    public void OnStarted(RunStarted started) => _figures.Start(started);

    public void OnStep(in StepFigures step) => _figures.Add(step);

    public void OnEpoch(EpochFigures epoch) => _figures.Add(epoch);

    public void OnStatistics(StatisticsSample statistics) => _sample = statistics;

    public void OnSkipped(SkippedStep skipped)
    {
        if (RunText.IsTold(skipped)) OnWarning(skipped.ToString());
    }

    public void OnCheckpoint(CheckpointFigures checkpoint)
    {
    }

    public void OnMember(MemberFigures member)
    {
        if (member.IsBad) OnWarning(member.ToString());
        else Add(member.ToString(), Color.Default);
    }

    public void OnCopies(CopyFigures copies) => Add(copies.ToString(), Color.Default);

    public void OnWarning(string text) => Add($"warning: {text}", Color.Yellow);

    public void OnEnded(RunResult result) => _result = result;

    public void Tell(string line) => Add(line, Color.Default);

    public void Abandon() => Console.Error.WriteLine(ShowCursor);

    public void Dispose()
    {
        _finished.Set();
        // The thread is left behind only where the terminal takes nothing any more; it ends with the process.
        if (_drawing.Join(LastFrameTimeout)) _finished.Dispose();
    }

    private void Add(string text, Color color)
    {
        if (_lines.Count < MaxPendingLines) _lines.Enqueue((text, color));
    }

    private void Draw()
    {
        try
        {
            DrawUntilFinished();
        }
        catch (IOException)
        {
            // The terminal is gone: the training goes on without its display.
        }
    }

    private void DrawUntilFinished()
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        var frame = new ProgressFrame(console.Profile);
        console.Live(new Text("loading the data …")).AutoClear(true).Overflow(VerticalOverflow.Crop).Start(live =>
        {
            do
            {
                WriteLines(console);
                IRenderable? picture = frame.Draw(_figures.Read());
                if (picture is not null) live.UpdateTarget(picture);
                else live.Refresh();
            }
            while (!_finished.Wait(RefreshInterval));
        });
        WriteLines(console);
        RunSnapshot last = _figures.Read();
        if (last.Started is null) return;
        console.Write(ProgressFrame.DrawHeader(last.Started));
        if (last.RecentEpochs.Count > 0) console.Write(frame.DrawEpochs(last));
        if (_statistics && _sample is { } sample) StatisticsText.Write(sample, console.Profile.Out.Writer);
        if (_result is { } result) console.Write(FinalTable.Draw(result, last));
    }

    private void WriteLines(IAnsiConsole console)
    {
        while (_lines.TryDequeue(out (string Text, Color Color) line)) console.WriteLine(line.Text, new Style(line.Color));
    }
}
