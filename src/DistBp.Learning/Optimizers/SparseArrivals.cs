using DistBp.Learning.Encodings;

namespace DistBp.Learning.Optimizers;

/// <summary>
/// An optimizer where a top-k encoding brings it the largest elements alone. What arrives of an element is the sum of its gradients since it
/// arrived last: an average over many steps, which is what a momentum is for. A momentum behind it is a second delay, in which the worker
/// computes the same gradient again and the element overshoots; so it is left out, and the rate makes up for the distance that it would have
/// gone (sgd: exactly; compare the momentum correction of Y. Lin and others, "Deep gradient compression", 2018, which moves it before the
/// encoding). Optimizers that divide by a mean square take the square of a sum for that of a gradient, and step too short: their rate is doubled, as
/// measured. All of it fades out as the share that is sent goes to 1, where it is the optimizer of the job.
/// </summary>
/// <param name="Optimizer">What servers apply.</param>
/// <param name="RateFactor">What the job's rates are multiplied with.</param>
public sealed record SparseArrivals(OptimizerDescription Optimizer, double RateFactor)
{
    public static SparseArrivals Of(OptimizerDescription optimizer, GradientEncoding encoding)
    {
        if (encoding.Kind != EncodingKind.TopK) return new SparseArrivals(optimizer, 1);
        double sent = encoding.Fraction, longer = 2 - sent;
        return optimizer switch
        {
            SgdDescription o => new SparseArrivals(o with { Momentum = o.Momentum * sent }, Distance(o.Momentum, sent)),
            RmspropDescription o => new SparseArrivals(o with { Momentum = o.Momentum * sent }, longer * Distance(o.Momentum, sent)),
            AdamDescription o => new SparseArrivals(o with { Beta1 = o.Beta1 * sent }, longer),
            // Its decay goes by the rate, and needs no more of it than before.
            AdamwDescription o => new SparseArrivals(o with { Beta1 = o.Beta1 * sent, WeightDecay = o.WeightDecay / longer }, longer),
            _ => new SparseArrivals(optimizer, 1),
        };
    }

    private static double Distance(double momentum, double sent) => (1 - momentum * sent) / (1 - momentum);
}
