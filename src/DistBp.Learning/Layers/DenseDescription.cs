namespace DistBp.Learning.Layers;

/// <summary>A fully connected layer: y = x · Wᵀ + b.</summary>
/// <param name="Units">Outputs.</param>
public sealed record DenseDescription(string? Name, int Units) : LayerDescription(Name)
{
    public override string Kind => "dense";

    internal override bool FusesActivation => true;

    internal override bool HasWeights => true;

    internal override Layer? Make(LayerSite site)
    {
        TensorShape shape = site.InputShape;
        if (Units < 1) return site.Refuse($"has {Units} units", "give it at least 1");
        if ((long)Units * shape.ElementCount > int.MaxValue)
        {
            return site.Refuse(
                $"with {Units} units over {shape.ElementCount} inputs {shape} has more than {int.MaxValue} weights", "give it fewer units");
        }
        return new DenseLayer(site.Name, shape, Units, site.Activation) { InputActivation = ActivatedLayer.TakeDerivative(site.Previous) };
    }
}
