using System.Diagnostics;

namespace DistBp.Learning.Losses;

/// <summary>
/// The loss of each sample, and its gradient. Over several outputs of a sample the loss is their mean, so that Σ over samples / samples is
/// PyTorch's default reduction 'mean'. Gradients are those of the SUM over samples; the server divides.
/// </summary>
public abstract class Loss
{
    private protected Loss(LossKind kind) => Kind = kind;

    public LossKind Kind { get; }

    /// <param name="steps">Of a sequence with a class each; 0: one target a sample.</param>
    public static Loss Create(LossDescription description, int steps = 0) => description.Kind switch
    {
        LossKind.SoftmaxCrossEntropy when steps > 0 => new SequenceCrossEntropyLoss(steps),
        LossKind.SoftmaxCrossEntropy => new SoftmaxCrossEntropyLoss(),
        LossKind.BinaryCrossEntropy => new BinaryCrossEntropyLoss(),
        LossKind.MeanSquaredError => new MeanSquaredErrorLoss(),
        LossKind.Huber => new HuberLoss(description.HuberDelta),
        _ => throw new UnreachableException($"Loss {description.Kind}."),
    };

    /// <summary>losses [rows] and dOutputs [rows, columns] of outputs [rows, columns]; all of it is overwritten.</summary>
    /// <param name="targets">[rows] class numbers for classes, otherwise [rows, columns].</param>
    public abstract void Compute(
        ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, Span<float> dOutputs, Span<float> losses, int columns);

    /// <summary>As above for sequences of which only the first lengths [rows] steps count: a loss over a target a sample does not ask.</summary>
    /// <param name="lengths">Empty: all are whole.</param>
    public virtual void Compute(
        ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, Span<float> dOutputs, Span<float> losses, int columns,
        ReadOnlySpan<int> lengths)
        => Compute(outputs, targets, dOutputs, losses, columns);

    /// <summary>Makes predictions of outputs, in place: probabilities of logits; values stay as they are.</summary>
    public virtual void Predict(Span<float> outputs, int columns)
    {
    }
}
