using DistBp.Learning;

namespace DistBp.Protocol.Messages;

/// <summary>Which samples are evaluated.</summary>
public enum DataPart
{
    Train,
    Validation,
    Test,
}

/// <summary>Coordinator to worker: compute the metric sums of your share of a part's tree of <paramref name="Leaves"/>, with <paramref name="Version"/>.</summary>
public sealed record Evaluate(Generation Generation, DataPart Part, int Leaves, long Version) : MemberMessage(Generation);

/// <summary>The metric sums of one subtree of leaves.</summary>
public sealed record SubtreeSums(Subtree Subtree, IReadOnlyList<double> Sums);

/// <summary>Worker to coordinator: the sums of the worker's subtrees.</summary>
/// <param name="Version">As in <see cref="Evaluate"/>.</param>
public sealed record EvaluationDone(Generation Generation, int Worker, DataPart Part, long Version, IReadOnlyList<SubtreeSums> Sums)
    : MemberMessage(Generation);
