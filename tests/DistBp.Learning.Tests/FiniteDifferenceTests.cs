using DistBp.Learning.Layers;
using DistBp.Learning.Losses;

namespace DistBp.Learning.Tests;

/// <summary>∂L/∂p of every parameter against (L(p + h) − L(p − h)) / 2h.</summary>
public sealed class FiniteDifferenceTests
{
    private const int Rows = 5;
    private const int Outputs = 3;

    // Around a relu's corner the slope is not the derivative: so no pre-activation of the checked network is that near to 0.
    private const float Clearance = 0.04f;

    [Theory]
    [EveryLayerAndLoss]
    public void Gradients_are_the_slopes_of_the_loss(string layer, LossKind loss)
    {
        bool hasCorner = layer is "Relu" or "LeakyRelu";
        Network network = Build(layer, loss, fuse: true);
        NetworkWorkspace workspace = network.CreateWorkspace(Rows, 2);
        SliceRows rows = TestData.Slices(0, 2, 3);
        float[] parameters = Prepare(network, workspace, rows, hasCorner ? Build(layer, loss, fuse: false) : null);
        var gradient = new float[network.Parameters.TrainedCount];
        var sums = new double[network.Metrics.Count];
        network.ComputeGradient(workspace, parameters, rows, default, gradient, sums);

        double size = gradient.Max(Math.Abs);
        Assert.True(size > 1e-3, "a gradient of zeros proves nothing");
        for (int i = 0; i < gradient.Length; i++)
        {
            double slope = Slope(network, workspace, parameters, rows, sums, i, hasCorner ? 0.004f : 0.01f);
            double error = Math.Abs(slope - gradient[i]);
            Assert.True(error <= 1e-3 * size, $"parameter {i}: gradient {gradient[i]}, slope {slope}, largest {size}");
        }
    }

    private static Network Build(string layer, LossKind loss, bool fuse) => new NetworkBuilder(
        new ModelDescription(
            WeightInitialization.XavierNormal,
            [new DenseDescription(null, 4), Between(layer), new DenseDescription(null, 5), Between(layer), new DenseDescription(null, Outputs)],
            []),
        new TensorShape(2, 3), TestData.Target(loss, Outputs), new LossDescription(loss, HuberDelta: 0.7f), fuse).Build();

    // The first seed that keeps clear of corners; apart: the same network with its activations apart, which shows the pre-activations.
    private static float[] Prepare(Network network, NetworkWorkspace workspace, SliceRows rows, Network? apart)
    {
        var parameters = new float[network.Parameters.Count];
        for (int seed = 1; seed < 2000; seed++)
        {
            network.InitializeParameters(seed, parameters);
            TestData.Fill(workspace, network, Rows, new Random(seed));
            if (apart is null) return parameters;
            NetworkWorkspace seen = apart.CreateWorkspace(Rows, 2);
            workspace.Inputs.CopyTo(seen.Inputs);
            workspace.Targets.CopyTo(seen.Targets);
            apart.Evaluate(seen, parameters, rows, new double[apart.Metrics.Count]);
            float nearest = float.PositiveInfinity;
            foreach (int dense in (int[])[0, 2])
            {
                foreach (float z in seen.Output(dense, Rows)) nearest = Math.Min(nearest, Math.Abs(z));
            }
            if (nearest > Clearance) return parameters;
        }
        throw new InvalidOperationException("No seed keeps clear of the corners.");
    }

    // Richardson's step from h and h/2 removes the error in h².
    private static double Slope(
        Network network, NetworkWorkspace workspace, float[] parameters, SliceRows rows, double[] sums, int index, float step)
    {
        double wide = Central(step), narrow = Central(step / 2);
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

    private sealed class EveryLayerAndLossAttribute : Xunit.Sdk.DataAttribute
    {
        public override IEnumerable<object[]> GetData(System.Reflection.MethodInfo testMethod)
        {
            string[] layers = [.. Enum.GetNames<ActivationKind>(), "softmax", "flatten"];
            return layers.SelectMany(layer => Enum.GetValues<LossKind>().Select(loss => (object[])[layer, loss]));
        }
    }
}
