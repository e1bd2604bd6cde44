using System.Threading.Channels;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning.Diagnosis;

namespace DistBp.Cli.Display;

/// <summary>
/// Plain lines for logs and pipes: one at the start, one an epoch, some at the end. A task of its own writes them, so that a reader that
/// stalls never stalls the training.
/// </summary>
internal sealed class LineDisplay : IProgressDisplay
{
    // A reader that is this far behind loses the oldest lines; events.jsonl has them all.
    private const int MaxPendingLines = 4096;
    private static readonly TimeSpan LastLinesTimeout = TimeSpan.FromSeconds(2);

    private readonly Channel<string> _lines = Channel.CreateBounded<string>(
        new BoundedChannelOptions(MaxPendingLines) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly TextWriter _output;
    private readonly bool _warningsOnly;
    private readonly bool _statistics;
    private readonly Task _writing;
    private RunStarted? _started;
    private StatisticsSample? _sample;

    /// <param name="warningsOnly">Say nothing while all is well.</param>
    /// <param name="statistics">Show the last sampled step at the end, however the run ends.</param>
    public LineDisplay(TextWriter output, bool warningsOnly, bool statistics)
    {
        (_output, _warningsOnly, _statistics) = (output, warningsOnly, statistics);
        _writing = Task.Run(WriteLinesAsync);
    }

    public void OnStarted(RunStarted started)
    {
        _started = started;
        Progress(RunText.Start(started));
    }

    public void OnStep(in StepFigures step)
    {
    }

    public void OnEpoch(EpochFigures epoch) => Progress(RunText.Epoch(epoch, _started!.Job.Epochs));

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
        else if (!_warningsOnly) _lines.Writer.TryWrite(member.ToString());
    }

    public void OnCopies(CopyFigures copies)
    {
        if (!_warningsOnly) _lines.Writer.TryWrite(copies.ToString());
    }

    public void OnWarning(string text) => _lines.Writer.TryWrite($"warning: {text}");

    public void OnEnded(RunResult result)
    {
        foreach (string line in RunText.Treatment(result)) Progress(line);
        Progress(RunText.End(result, _started!.Folder));
    }

    public void Tell(string line) => Progress(line);

    public void Abandon()
    {
    }

    public void Dispose()
    {
        if (_statistics && _sample is { } sample)
        {
            using var text = new StringWriter();
            StatisticsText.Write(sample, text);
            _lines.Writer.TryWrite(text.ToString().TrimEnd());
        }
        _lines.Writer.TryComplete();
        _writing.Wait(LastLinesTimeout);
    }

    private void Progress(string line)
    {
        if (!_warningsOnly) _lines.Writer.TryWrite(line);
    }

    private async Task WriteLinesAsync()
    {
        try
        {
            await foreach (string line in _lines.Reader.ReadAllAsync().ConfigureAwait(false))
                await _output.WriteLineAsync(line).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // Nobody reads any more (a full disk, a terminal that is gone): the training goes on without its display.
        }
    }
}
