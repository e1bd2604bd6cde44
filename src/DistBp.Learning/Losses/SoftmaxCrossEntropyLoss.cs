using DistBp.Learning.Kernels;

namespace DistBp.Learning.Losses;

/// <summary>L = −log softmax(z)[label]; ∂L/∂z = softmax(z) − onehot(label). Predicts the probabilities softmax(z).</summary>
public sealed class SoftmaxCrossEntropyLoss : Loss
{
    internal SoftmaxCrossEntropyLoss()
        : base(LossKind.SoftmaxCrossEntropy)
    {
    }

    public override void Compute(
        ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, Span<float> dOutputs, Span<float> losses, int columns)
        => Softmax.CrossEntropy(outputs, targets, dOutputs, losses, losses.Length, columns);

    public override void Predict(Span<float> outputs, int columns) => Softmax.Rows(outputs, outputs, outputs.Length / columns, columns);
}
