using DistBp.Learning.Data;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;

namespace DistBp.Learning.Tests;

/// <summary>∂L/∂p of every parameter against (L(p + h) − L(p − h)) / 2h.</summary>
public sealed class FiniteDifferenceTests
{
    private const int Rows = 5;
    private const float Step = 0.01f;

    [Theory]
    [CombinatorialMembers]
    public void Gradients_are_the_slopes_of_the_loss(string layer, LossKind loss)
    {
        int outputs = 3;
        Network network = Network.Build(
            new ModelDescription(
                WeightInitialization.XavierNormal,
                [new DenseDescription(null, 4), Between(layer), new DenseDescription(null, 5), Between(layer), new DenseDescription(null, outputs)],
                []),
            new TensorShape(2, 3), TestData.Target(loss, outputs), new LossDescription(loss, HuberDelta: 0.7f));
        var random = new Random(7);
        var parameters = new float[network.Parameters.Count];
        network.InitializeParameters(3, parameters);
        NetworkWorkspace workspace = network.CreateWorkspace(Rows, 2);
        TestData.Fill(workspace, network, Rows, random);
        SliceRows rows = TestData.Slices(0, 2, 3);
        var gradient = new float[network.Parameters.TrainedCount];
        var sums = new double[network.Metrics.Count];
        network.ComputeGradient(workspace, parameters, rows, default, gradient, sums);

        double size = gradient.Max(Math.Abs);
        Assert.True(size > 1e-3, "a gradient of zeros proves nothing");
        for (int i = 0; i < gradient.Length; i++)
        {
            double slope = Slope(network, workspace, parameters, rows, sums, i);
            double error = Math.Abs(slope - gradient[i]);
            Assert.True(error <= 2e-3 * size, $"parameter {i}: gradient {gradient[i]}, slope {slope}, largest {size}");
        }
    }

    // Richardson's step from h and h/2 removes the error in h².
    private static double Slope(Network network, NetworkWorkspace workspace, float[] parameters, SliceRows rows, double[] sums, int index)
    {
        double wide = Central(Step), narrow = Central(Step / 2);
        return (4 * narrow - wide) / 3;

        double Central(float h)
        {
            float at = parameters[index], up = at + h, down = at - h;
            parameters[index] = up;
            network.Evaluate(workspace, parameters, rows, sums);
            double above = sums[0];
            parameters[index] = down;
            network.Evaluate(workspace, parameters, rows, sums);
            parameters[index] = at;
            return (above - sums[0]) / ((double)up - down);
        }
    }

    private static LayerDescription Between(string layer) => layer switch
    {
        "softmax" => new SoftmaxDescription(null),
        "flatten" => new FlattenDescription(null),
        _ => new ActivationDescription(null, Enum.Parse<ActivationKind>(layer)),
    };

    private sealed class CombinatorialMembersAttribute : Xunit.Sdk.DataAttribute
    {
        public override IEnumerable<object[]> GetData(System.Reflection.MethodInfo testMethod)
        {
            string[] layers = [.. Enum.GetNames<ActivationKind>(), "softmax", "flatten"];
            return layers.SelectMany(layer => Enum.GetValues<LossKind>().Select(loss => (object[])[layer, loss]));
        }
    }
}
