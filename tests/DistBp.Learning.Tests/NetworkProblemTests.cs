using DistBp.Learning.Data;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;

namespace DistBp.Learning.Tests;

public sealed class NetworkProblemTests
{
    private static readonly TargetDescription s_tenClasses = new(TargetKind.Classes, new TensorShape(), 10);

    [Fact]
    public void Too_few_outputs_name_the_layer_and_both_shapes()
    {
        Problem problem = Assert.Single(Problems(LossKind.SoftmaxCrossEntropy, s_tenClasses, [new DenseDescription(null, 5)]));
        Assert.Equal("the last layer 'dense1' gives [5], but the data has 10 classes: expected [10]", problem.What);
        Assert.Contains("dense: 10", problem.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_softmax_before_softmaxCrossEntropy_is_to_be_dropped()
    {
        Problem problem = Assert.Single(
            Problems(LossKind.SoftmaxCrossEntropy, s_tenClasses, [new DenseDescription(null, 10), new SoftmaxDescription(null)]));
        Assert.Contains("drop the last softmax", problem.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void All_problems_come_at_once()
    {
        IReadOnlyList<Problem> problems = Problems(
            LossKind.Huber, s_tenClasses, [new DenseDescription("a", 5), new DenseDescription("a", 0)], ["b"]);
        Assert.Equal(4, problems.Count);
        Assert.Contains(problems, p => p.What == "two layers are named 'a'");
        Assert.Contains(problems, p => p.What == "there is no layer 'b' to freeze");
        Assert.Contains(problems, p => p.What == "layer 'a' has 0 units");
        Assert.Contains(problems, p => p.What.StartsWith("the loss huber does not fit", StringComparison.Ordinal));
    }

    [Fact]
    public void A_model_without_layers_or_with_all_of_them_frozen_has_nothing_to_train()
    {
        Assert.Contains("no layers", Assert.Single(Problems(LossKind.SoftmaxCrossEntropy, s_tenClasses, [])).What, StringComparison.Ordinal);
        Problem frozen = Assert.Single(
            Problems(LossKind.SoftmaxCrossEntropy, s_tenClasses, [new DenseDescription(null, 10)], ["dense1"]));
        Assert.Contains("no layer has parameters to train", frozen.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_frozen_layer_comes_last_in_the_buffer_and_changes_no_other_gradient()
    {
        LayerDescription[] layers =
            [new DenseDescription("first", 6), new ActivationDescription(null, ActivationKind.Gelu), new DenseDescription("last", 10)];
        var loss = new LossDescription(LossKind.SoftmaxCrossEntropy);
        var shape = new TensorShape(4);
        Network free = Network.Build(new ModelDescription(WeightInitialization.ByActivation, layers, []), shape, s_tenClasses, loss);
        Network frozen = Network.Build(new ModelDescription(WeightInitialization.ByActivation, layers, ["first"]), shape, s_tenClasses, loss);
        Assert.Equal(["last.weight", "last.bias", "first.weight", "first.bias"], frozen.Parameters.Views.Select(v => v.Name));
        Assert.Equal(70, frozen.Parameters.TrainedCount);
        Assert.Equal(Gradient(free)[^70..], Gradient(frozen));
    }

    private static float[] Gradient(Network network)
    {
        var parameters = new float[network.Parameters.Count];
        network.InitializeParameters(1, parameters);
        NetworkWorkspace workspace = network.CreateWorkspace(8, 1);
        TestData.Fill(workspace, network, 8, new Random(3));
        var gradient = new float[network.Parameters.TrainedCount];
        network.ComputeGradient(workspace, parameters, TestData.Slices(0, 8), default, gradient, new double[network.Metrics.Count]);
        return gradient;
    }

    private static IReadOnlyList<Problem> Problems(
        LossKind loss, TargetDescription target, LayerDescription[] layers, string[]? frozen = null)
    {
        UserException error = Assert.Throws<UserException>(() => Network.Build(
            new ModelDescription(WeightInitialization.ByActivation, layers, frozen ?? []), new TensorShape(1, 28, 28), target,
            new LossDescription(loss)));
        Assert.Equal(ErrorKind.Usage, error.Kind);
        return error.Problems;
    }
}
