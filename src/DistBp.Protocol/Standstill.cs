using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>What a server has to say when it is asked to stand still: to its own coordinator, where members change, or to one who takes over.</summary>
internal sealed class Standstill(int index, HeldShards shards, NormExchange exchange, UpdateReports reports)
{
    /// <summary>The newest that was told.</summary>
    private Course? _course;
    private long _reportsFrom;
    private bool _standingDue;

    /// <summary>The newest that was heard of: words of a coordinator of an older one are void.</summary>
    public int Term { get; private set; }

    /// <summary>Whether the server goes no further than it must.</summary>
    public bool IsDue { get; private set; }

    /// <summary>How many of the versions are no steps.</summary>
    public int Restored { get; set; }

    public void Begin(Assign message)
    {
        (Term, Restored) = (message.Generation.Term, message.Restored);
        IsDue = _standingDue = false;
        Follow(message.Course);
    }

    /// <param name="course">Null: the run does not outlive its coordinator.</param>
    public void Follow(Course? course) => _course = course ?? _course;

    public void Request(Suspend message) => (IsDue, _reportsFrom) = (true, message.Reported);

    /// <returns>False where it says nothing new.</returns>
    public bool Request(TakeOver message)
    {
        if (message.Term <= Term) return false;
        Term = message.Term;
        IsDue = _standingDue = true;
        return true;
    }

    /// <summary>The server stands still.</summary>
    public void Answer(Generation generation, long version, int skipsInRow, EffectList effects)
    {
        if (_standingDue)
        {
            StandIfDue(version, skipsInRow, effects);
            return;
        }
        effects.Send(Address.Coordinator, new Suspended(generation, index, version, skipsInRow)
        {
            Decided = exchange.Decided, Reports = reports.From(_reportsFrom),
        });
    }

    /// <summary>Nothing is under way that could change the version.</summary>
    public void StandIfDue(long version, int skipsInRow, EffectList effects)
    {
        if (!_standingDue) return;
        _standingDue = false;
        _reportsFrom = _course?.From ?? 0;
        effects.Send(Address.Coordinator, new ServerStanding(Term, index, shards.Held?.Assignment, shards.Loaded?.Assignment, version, skipsInRow)
        {
            UnfilledOfHeld = [.. shards.Held?.Unfilled ?? []], UnfilledOfLoaded = [.. shards.Loaded?.Unfilled ?? []],
            Restored = Restored, Course = _course, Decided = exchange.Decided, Reports = reports.From(_reportsFrom),
        });
    }
}
