namespace DistBp.Learning.Losses;

public enum LossKind
{
    SoftmaxCrossEntropy,

    /// <summary>On logits.</summary>
    BinaryCrossEntropy,
    MeanSquaredError,
    Huber,
}

/// <param name="HuberDelta">Where huber turns from quadratic to linear.</param>
public sealed record LossDescription(LossKind Kind, float HuberDelta = 1);
