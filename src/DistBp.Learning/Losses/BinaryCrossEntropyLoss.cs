using DistBp.Learning.Initialization;
using DistBp.Learning.Kernels;

namespace DistBp.Learning.Losses;

/// <summary>
/// On logits z with targets t in [0, 1]: L = mean over outputs of max(z, 0) − z·t + log(1 + exp(−|z|)), which never overflows;
/// ∂L/∂z = (σ(z) − t) / outputs. Predicts the probabilities σ(z).
/// </summary>
public sealed class BinaryCrossEntropyLoss : Loss
{
    internal BinaryCrossEntropyLoss()
        : base(LossKind.BinaryCrossEntropy)
    {
    }

    public override void Compute(
        ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, Span<float> dOutputs, Span<float> losses, int columns)
    {
        Activations.Apply(Activation.Sigmoid, outputs, dOutputs);
        float share = 1f / columns;
        for (int r = 0; r < losses.Length; r++)
        {
            double sum = 0;
            for (int i = r * columns; i < (r + 1) * columns; i++)
            {
                float z = outputs[i], t = targets[i];
                sum += Math.Max(z, 0f) - (double)z * t + PortableMath.Log(1 + PortableMath.Exp(-Math.Abs((double)z)));
                dOutputs[i] = (dOutputs[i] - t) * share;
            }
            losses[r] = (float)(sum / columns);
        }
    }

    public override void Predict(Span<float> outputs, int columns) => Activations.Apply(Activation.Sigmoid, outputs, outputs);
}
