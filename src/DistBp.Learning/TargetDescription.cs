using DistBp.Learning.Data;

namespace DistBp.Learning;

/// <summary>What the network is to learn, as the data has it.</summary>
/// <param name="Kind">Classes, binary, values or the input itself.</param>
/// <param name="Shape">One sample's target: [] for a class index or a single value, [steps] for a class a step.</param>
/// <param name="ClassCount">0 unless there are classes; 2 for a single binary target.</param>
public sealed record TargetDescription(TargetKind Kind, TensorShape Shape, int ClassCount)
{
    /// <summary>Of a sequence with a class each; 0: one target a sample.</summary>
    public int ClassSteps => Kind == TargetKind.Classes && Shape.Rank == 1 ? Shape[0] : 0;
}
