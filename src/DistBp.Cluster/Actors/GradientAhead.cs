using DistBp.Learning;
using DistBp.Protocol;

namespace DistBp.Cluster.Actors;

/// <summary>Makes, for a subtree of a worker's slices, what is told during backward that a part of its gradient is done; null where nobody wants to know.</summary>
/// <param name="dense">[layout.DenseCount], the subtree's gradient.</param>
internal delegate GradientAhead? GradientAheadFactory(Generation generation, int worker, Subtree subtree, ReadOnlyMemory<float> dense);

/// <summary>From <paramref name="from"/> on, what is trained and dense in the gradient of the step changes no more.</summary>
internal delegate void GradientAhead(long step, int from);
