using DistBp.Learning.Data;
using DistBp.Learning.Kernels;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;

namespace DistBp.Learning.Tests;

/// <summary>Small networks over pictures, with every layer that works on them.</summary>
internal static class ConvolutionalNetwork
{
    public static readonly TensorShape Picture = new(2, 9, 8);

    public static readonly TargetDescription ThreeClasses = new(TargetKind.Classes, new TensorShape(), 3);

    public static Network Build(ActivationKind activation, bool fuse = true, PoolKind pool = PoolKind.Max)
    {
        ActivationDescription between = new(null, activation);
        LayerDescription[] layers =
        [
            new Conv2dDescription(null, 6) { Padding = Padding.Same }, between, new PoolDescription(null, pool, Plane.Square(2)),
            new Conv2dDescription(null, 4) { Kernel = new Plane(2, 3), Stride = new Plane(1, 2), Padding = Padding.Same, Groups = 2 }, between,
            new Conv2dDescription("last", 5) { Kernel = Plane.Square(2), Dilation = new Plane(1, 1), Padding = new Padding(PaddingKind.Pixels, Plane.Square(1)) },
            between, new PoolDescription(null, PoolKind.Average, Plane.Square(2), Plane.Square(1), new Padding(PaddingKind.Pixels, Plane.Square(1))),
            new PoolDescription(null, pool, Plane.Square(3), Plane.Square(2), new Padding(PaddingKind.Pixels, Plane.Square(1))),
            new GlobalAveragePoolDescription(null), new DenseDescription(null, 3),
        ];
        return new NetworkBuilder(
            new ModelDescription(WeightInitialization.XavierNormal, layers, []), Picture, ThreeClasses, new LossDescription(LossKind.SoftmaxCrossEntropy), fuse).Build();
    }

    public static float[] Parameters(Network network, int seed = 9)
    {
        var parameters = new float[network.Parameters.Count];
        network.InitializeParameters(seed, parameters);
        return parameters;
    }

    /// <summary>Gradient and sums; everything is poisoned before.</summary>
    public static (float[] Gradient, double[] Sums) Compute(Network network, NetworkWorkspace workspace, float[] parameters, SliceRows rows)
    {
        var gradient = new float[network.Parameters.TrainedCount];
        var sums = new double[network.Metrics.Count];
        Array.Fill(gradient, float.NaN);
        Array.Fill(sums, double.NaN);
        network.ComputeGradient(workspace, parameters, rows, new StepIdentity(5, 12), gradient, sums);
        return (gradient, sums);
    }
}
