using DistBp.Learning.Encodings;

namespace DistBp.Protocol.Messages;

/// <summary>
/// Coordinator to worker, where the encoding of gradients keeps residuals: copy them, for the checkpoint of the shards of the same version.
/// May overtake the servers' word that the version is committed.
/// </summary>
public sealed record CaptureResiduals(Generation Generation, long Version) : MemberMessage(Generation);

/// <summary>Worker to coordinator: the residuals of its subtrees.</summary>
/// <param name="Residuals">By reference: unchanged until the next capture.</param>
public sealed record ResidualsCaptured(Generation Generation, int Worker, long Version, IReadOnlyList<SubtreeResidual> Residuals)
    : MemberMessage(Generation);

/// <summary>
/// To worker: what error feedback has left over of subtrees whose first slice it has from now on, from the worker that has had them or, of the checkpoint that
/// the run goes on from, from the coordinator. One from each whom the worker waits for; the coordinator speaks for a worker that is lost.
/// </summary>
/// <param name="From">Whose residuals they were.</param>
/// <param name="Residuals">By reference: unchanged until every member is ready. Empty where there are none.</param>
public sealed record HandResiduals(Generation Generation, Address From, IReadOnlyList<SubtreeResidual> Residuals) : MemberMessage(Generation);
