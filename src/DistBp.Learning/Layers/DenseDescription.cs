namespace DistBp.Learning.Layers;

/// <summary>A fully connected layer: y = x · Wᵀ + b.</summary>
/// <param name="Units">Outputs.</param>
public sealed record DenseDescription(string? Name, int Units) : LayerDescription(Name)
{
    public override string Kind => "dense";
}
