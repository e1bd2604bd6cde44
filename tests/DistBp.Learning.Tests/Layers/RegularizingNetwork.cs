using DistBp.Learning.Data;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;

namespace DistBp.Learning.Tests.Layers;

/// <summary>Dropout, layer normalization and residuals, one in another, in one network of 2 x 5 inputs and 4 classes.</summary>
internal static class RegularizingNetwork
{
    public static Network Build(params string[] frozen) => Build(Layers, frozen);

    public static Network Build(LayerDescription[] layers, params string[] frozen) => Network.Build(
        new ModelDescription(WeightInitialization.ByActivation, layers, frozen), new TensorShape(2, 5),
        new TargetDescription(TargetKind.Classes, new TensorShape(), 4), new LossDescription(LossKind.SoftmaxCrossEntropy));

    public static LayerDescription[] Layers =>
    [
        new LayerNormDescription("rows"), new DropoutDescription(null, 0.2), new DenseDescription("first", 18), Of(ActivationKind.Gelu),
        new ResidualDescription("outer",
        [
            new LayerNormDescription(null), new DenseDescription("inside", 18), Of(ActivationKind.Tanh), new DropoutDescription(null, 0.5),
            new ResidualDescription(null, [new DenseDescription("deepest", 18), Of(ActivationKind.Sigmoid)]), new DenseDescription(null, 18),
        ]),
        Of(ActivationKind.Tanh), new DropoutDescription(null, 0), new DenseDescription("last", 4),
    ];

    private static ActivationDescription Of(ActivationKind kind) => new(null, kind);
}
