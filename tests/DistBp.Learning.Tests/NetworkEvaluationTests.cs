using DistBp.Learning.Data;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using DistBp.Learning.Metrics;

namespace DistBp.Learning.Tests;

public sealed class NetworkEvaluationTests
{
    [Fact]
    public void An_autoencoder_on_logits_is_measured_by_its_probabilities()
    {
        Network network = Build(new TargetDescription(TargetKind.Input, new TensorShape(2, 3), 0), LossKind.BinaryCrossEntropy, 6);
        var parameters = new float[network.Parameters.Count];
        network.InitializeParameters(2, parameters);
        NetworkWorkspace workspace = network.CreateWorkspace(4, 2);
        var random = new Random(3);
        for (int i = 0; i < 24; i++) workspace.Inputs[i] = workspace.Targets[i] = (float)random.NextDouble();
        var sums = new double[network.Metrics.Count];
        var outputs = new float[24];

        network.Evaluate(workspace, parameters, TestData.Slices(0, 3, 1), sums);
        network.Predict(workspace, parameters, 4, outputs);

        double absolute = 0;
        for (int i = 0; i < 24; i++)
        {
            Assert.InRange(outputs[i], 0, 1);
            absolute += Math.Abs(outputs[i] - workspace.Targets[i]);
        }
        Assert.Equal(absolute / 24, MetricValues.Of(network.Metrics, sums).MeanAbsoluteError!.Value, 1e-6);
    }

    [Fact]
    public void No_rows_give_sums_of_0_and_no_predictions()
    {
        Network network = Build(new TargetDescription(TargetKind.Classes, new TensorShape(), 5), LossKind.SoftmaxCrossEntropy, 5);
        var parameters = new float[network.Parameters.Count];
        NetworkWorkspace workspace = network.CreateWorkspace(1, 2);
        double[] sums = [1, 1, 1];
        network.Evaluate(workspace, parameters, TestData.Slices(0, 0, 0), sums);
        Assert.All(sums, s => Assert.Equal(0, s));
        network.Predict(workspace, parameters, 0, []);
        Assert.True(double.IsNaN(MetricValues.Of(network.Metrics, sums).Loss));
    }

    [Fact]
    public void Binary_predictions_are_probabilities_and_outputs_may_be_values_as_they_are()
    {
        Network binary = Build(new TargetDescription(TargetKind.Binary, new TensorShape(), 2), LossKind.BinaryCrossEntropy, 1);
        Assert.InRange(Predicted(binary), 0, 1);
        Network values = Build(new TargetDescription(TargetKind.Values, new TensorShape(), 0), LossKind.Huber, 1);
        Assert.Equal(5, Predicted(values));
    }

    // With weights of 0 the output is the last bias, 5.
    private static float Predicted(Network network)
    {
        var parameters = new float[network.Parameters.Count];
        parameters[^1] = 5;
        NetworkWorkspace workspace = network.CreateWorkspace(1, 1);
        var outputs = new float[1];
        network.Predict(workspace, parameters, 1, outputs);
        return outputs[0];
    }

    private static Network Build(TargetDescription target, LossKind loss, int outputs) => Network.Build(
        new ModelDescription(
            WeightInitialization.ByActivation,
            [new DenseDescription(null, 4), new ActivationDescription(null, ActivationKind.Relu), new DenseDescription(null, outputs)], []),
        new TensorShape(2, 3), target, new LossDescription(loss));
}
