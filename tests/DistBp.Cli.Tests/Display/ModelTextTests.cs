using DistBp.Cli.Display;
using DistBp.Learning;
using DistBp.Learning.Layers;

namespace DistBp.Cli.Tests.Display;

public sealed class ModelTextTests
{
    [Fact]
    public void A_perceptron_is_its_sizes_and_its_activation() =>
        Assert.Equal("784-512-10 relu", Describe(new FlattenDescription(null), Dense(512), Relu, Dense(10)));

    [Fact]
    public void A_linear_model_has_no_activation() => Assert.Equal("784-1", Describe(Dense(1)));

    [Fact]
    public void Other_models_are_their_layers() =>
        Assert.Equal("conv2d 8, relu, dense 2, softmax", Describe(new Conv2dDescription(null, 8), Relu, Dense(2), new SoftmaxDescription(null)));

    private static ActivationDescription Relu => new(null, ActivationKind.Relu);

    private static DenseDescription Dense(int units) => new(null, units);

    private static string Describe(params LayerDescription[] layers) =>
        ModelText.Describe(new ModelDescription(WeightInitialization.ByActivation, layers, []), new TensorShape(1, 28, 28));
}
