using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Encodings;

namespace DistBp.Cluster.Actors;

/// <summary>
/// The residuals of a worker's subtrees of slices. A subtree takes over, in the order of the slices, what was left of each subtree whose
/// first slice it has: the same one's bit for bit; with other workers than before sums, and nothing that was held back is lost.
/// </summary>
internal sealed class WorkerResiduals
{
    private readonly IReadOnlyList<Subtree> _subtrees;
    private readonly ErrorFeedback[] _feedback;
    private readonly Lock _settling = new();
    private float[][]? _copies;

    /// <param name="earlier">Of the checkpoint that the run goes on from, or of the assignment before; others' are passed over.</param>
    public WorkerResiduals(int count, IReadOnlyList<Subtree> subtrees, IEnumerable<SubtreeResidual> earlier)
    {
        _subtrees = subtrees;
        _feedback = [.. subtrees.Select(_ => new ErrorFeedback(count))];
        foreach (SubtreeResidual residual in earlier.OrderBy(r => r.Subtree.First))
        {
            int owner = OwnerOf(residual.Subtree, subtrees);
            if (owner >= 0) _feedback[owner].Add(residual.Values.Span, residual.Samples);
        }
    }

    /// <summary>In the order of the subtrees.</summary>
    public IReadOnlyList<ErrorFeedback> Feedback => _feedback;

    /// <returns>The number of the subtree that has the first slice of an earlier one; −1: none of these.</returns>
    public static int OwnerOf(Subtree earlier, IReadOnlyList<Subtree> subtrees)
    {
        for (int i = 0; i < subtrees.Count; i++)
        {
            if (subtrees[i].First <= earlier.First && earlier.First < subtrees[i].End) return i;
        }
        return -1;
    }

    /// <summary>Before a step reads them, or a copy or another assignment takes them: which may be while a step that is void by now begins.</summary>
    public void Settle(long version, bool skipped)
    {
        lock (_settling)
        {
            foreach (ErrorFeedback feedback in _feedback) feedback.Settle(version, skipped);
        }
    }

    /// <summary>A copy of the settled residuals, in the same memory each time.</summary>
    public IReadOnlyList<SubtreeResidual> Copy()
    {
        _copies ??= [.. _feedback.Select(f => new float[f.Residual.Length])];
        for (int i = 0; i < _feedback.Length; i++) _feedback[i].Residual.CopyTo(_copies[i]);
        return [.. _feedback.Select((f, i) => new SubtreeResidual(_subtrees[i], _copies[i], f.Samples))];
    }

    /// <summary>The settled residuals themselves.</summary>
    public IReadOnlyList<SubtreeResidual> Current => [.. _feedback.Select((f, i) => new SubtreeResidual(_subtrees[i], f.Residual, f.Samples))];
}
