using DistBp.Learning.Data;

namespace DistBp.Learning;

/// <summary>What the network is to learn, as the data has it.</summary>
/// <param name="Kind">Classes, binary, values or the input itself.</param>
/// <param name="Shape">One sample's target: [] for a class index or a single value.</param>
/// <param name="ClassCount">0 unless there are classes; 2 for a single binary target.</param>
public sealed record TargetDescription(TargetKind Kind, TensorShape Shape, int ClassCount);
