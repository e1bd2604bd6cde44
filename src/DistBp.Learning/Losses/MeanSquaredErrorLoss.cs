namespace DistBp.Learning.Losses;

/// <summary>L = mean over outputs of (z − t)²; ∂L/∂z = 2 · (z − t) / outputs.</summary>
public sealed class MeanSquaredErrorLoss : Loss
{
    internal MeanSquaredErrorLoss()
        : base(LossKind.MeanSquaredError)
    {
    }

    public override void Compute(
        ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, Span<float> dOutputs, Span<float> losses, int columns)
    {
        float factor = 2f / columns;
        for (int r = 0; r < losses.Length; r++)
        {
            double sum = 0;
            for (int i = r * columns; i < (r + 1) * columns; i++)
            {
                float error = outputs[i] - targets[i];
                sum += (double)error * error;
                dOutputs[i] = factor * error;
            }
            losses[r] = (float)(sum / columns);
        }
    }
}
