using DistBp.Learning.Encodings;
using DistBp.Protocol.Effects;

namespace DistBp.Cluster.Actors;

/// <summary>A worker's copy of its residuals for a checkpoint, between two steps.</summary>
internal sealed class ResidualCopy(WorkerResiduals residuals, CopyResiduals request, Action<IReadOnlyList<SubtreeResidual>> done) : IComputation
{
    public void Run()
    {
        residuals.Settle(request.Version, request.AfterSkip);
        done(residuals.Copy());
    }
}
