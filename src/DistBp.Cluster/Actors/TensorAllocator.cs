using DistBp.Learning;
using DistBp.Protocol;

namespace DistBp.Cluster.Actors;

/// <summary>Makes long-lived tensors of one owner, who needs those of his that were made before no more.</summary>
/// <param name="lengths">In floats.</param>
internal delegate TensorBuffer[] TensorAllocator(Address owner, IReadOnlyList<int> lengths);
