namespace DistBp.Learning.Losses;

/// <summary>
/// With e = z − t: L = mean over outputs of e²/2 where |e| ≤ δ, otherwise δ · (|e| − δ/2); ∂L/∂z = clamp(e, −δ, δ) / outputs.
/// (Huber, Annals of Mathematical Statistics 35, 1964; as PyTorch's HuberLoss.)
/// </summary>
public sealed class HuberLoss : Loss
{
    private readonly float _delta;

    internal HuberLoss(float delta)
        : base(LossKind.Huber) => _delta = delta;

    public override void Compute(
        ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, Span<float> dOutputs, Span<float> losses, int columns)
    {
        float share = 1f / columns;
        for (int r = 0; r < losses.Length; r++)
        {
            double sum = 0;
            for (int i = r * columns; i < (r + 1) * columns; i++)
            {
                float error = outputs[i] - targets[i];
                double size = Math.Abs((double)error);
                sum += size <= _delta ? 0.5 * size * size : _delta * (size - 0.5 * _delta);
                // Written so that a NaN stays one.
                dOutputs[i] = share * (error > _delta ? _delta : error < -_delta ? -_delta : error);
            }
            losses[r] = (float)(sum / columns);
        }
    }
}
