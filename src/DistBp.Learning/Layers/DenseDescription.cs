using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>A fully connected layer: y = x · Wᵀ + b.</summary>
/// <param name="Units">Outputs.</param>
/// <param name="TimeDistributed">The same layer for each step of [time, features]; otherwise a sample is one vector.</param>
public sealed record DenseDescription(string? Name, int Units, bool TimeDistributed = false) : LayerDescription(Name)
{
    public override string Kind => "dense";

    internal override bool FusesActivation => true;

    internal override bool HasWeights => true;

    internal override Layer? Make(LayerSite site)
    {
        TensorShape shape = site.InputShape;
        if (Units < 1) return site.Refuse($"has {Units} units", "give it at least 1");
        if (TimeDistributed && shape.Rank != 2)
        {
            return site.Refuse(
                $"gets the shape {shape}, but timeDistributed needs sequences [time, features]",
                "delete timeDistributed, or set returnSequences: true in the recurrent layer before");
        }
        int steps = TimeDistributed ? shape[0] : 1, inputs = shape.ElementCount / steps;
        if ((long)Units * inputs > int.MaxValue || (long)Units * steps > int.MaxValue)
        {
            return site.Refuse(
                $"with {Units} units over {inputs} inputs {shape} has more than {int.MaxValue} weights", "give it fewer units");
        }
        var before = site.Previous as DenseLayer;
        if (before is not null) before.DerivativeIsAppliedByNext = true;
        return new DenseLayer(site.Name, shape, TimeDistributed, Units, site.Activation) { InputActivation = before?.Activation ?? Activation.Identity };
    }
}
