using DistBp.Protocol.Consistency;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>What a server that has the metric sums of an update, the lead one or its backup, tells of the update's mini-batches: the one to the coordinator, both to their logs.</summary>
internal sealed class UpdateReports(StepRule rule)
{
    private readonly ReportLog _log = new();

    /// <summary>What is to be told of the mini-batches of the update.</summary>
    private readonly List<MemberMessage> _due = [];
    private bool _keeps;

    /// <param name="keeps">Whether they are kept until the next stop point.</param>
    /// <param name="step">The next one.</param>
    public void Begin(bool keeps, long step)
    {
        _keeps = keeps;
        _log.DropFrom(step);
    }

    /// <summary>As of <see cref="ReportLog"/>.</summary>
    public void DropBefore(long step) => _log.DropBefore(step);

    /// <summary>As of <see cref="ReportLog"/>.</summary>
    public IReadOnlyList<MemberMessage> From(long step) => _log.From(step);

    /// <summary>The first of a mini-batch's sums is that of the losses.</summary>
    public bool LossIsFinite(ReadOnlyMemory<double> sums)
    {
        for (long step = rule.Step; step < rule.End; step++)
        {
            if (!double.IsFinite(SumsOf(step, sums).Span[0])) return false;
        }
        return true;
    }

    /// <summary>The update was made.</summary>
    public void Commit(Generation generation, ReadOnlyMemory<double> sums, double gradientNorm, bool clipped)
    {
        for (long step = rule.Step; step < rule.End; step++)
        {
            if (rule.Report(generation, step, SumsOf(step, sums), gradientNorm, clipped) is { } report) _due.Add(report);
        }
    }

    /// <summary>The update was left out.</summary>
    public void Skip(Generation generation, int badSegment)
    {
        for (long step = rule.Step; step < rule.End; step++) _due.Add(new StepSkipped(generation, step, badSegment));
    }

    /// <param name="leads">Whether the coordinator is told.</param>
    public void Tell(bool leads, EffectList effects)
    {
        for (int i = 0; i < _due.Count; i++)
        {
            if (_keeps) _log.Add(_due[i]);
            if (leads) effects.Send(Address.Coordinator, _due[i]);
        }
        _due.Clear();
    }

    /// <summary>The sums of an update's mini-batches follow each other.</summary>
    private ReadOnlyMemory<double> SumsOf(long step, ReadOnlyMemory<double> update)
    {
        int count = update.Length / (int)(rule.End - rule.Step);
        return update.Slice((int)(step - rule.Step) * count, count);
    }
}
