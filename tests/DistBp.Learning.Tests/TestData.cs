using DistBp.Learning.Data;
using DistBp.Learning.Losses;

namespace DistBp.Learning.Tests;

/// <summary>Seeded mini-batches and slices.</summary>
internal static class TestData
{
    public static TargetDescription Target(LossKind loss, int outputs) => loss switch
    {
        LossKind.SoftmaxCrossEntropy => new TargetDescription(TargetKind.Classes, new TensorShape(), outputs),
        LossKind.BinaryCrossEntropy => new TargetDescription(TargetKind.Binary, new TensorShape(outputs), 0),
        _ => new TargetDescription(TargetKind.Values, new TensorShape(outputs), 0),
    };

    public static SliceRows Slices(int first, params ReadOnlySpan<int> counts)
    {
        var rows = new SliceRows(counts.Length);
        rows.Reset(first);
        foreach (int count in counts) rows.Add(count);
        return rows;
    }

    /// <summary>Standard normal inputs and values, uniform classes and bits.</summary>
    public static void Fill(NetworkWorkspace workspace, Network network, int rows, Random random)
    {
        Span<float> inputs = workspace.Inputs[..(rows * network.InputShape.ElementCount)];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = Normal(random);
        Span<float> targets = workspace.Targets[..(rows * workspace.TargetElements)];
        for (int i = 0; i < targets.Length; i++)
        {
            targets[i] = network.Target.Kind switch
            {
                TargetKind.Classes => random.Next(network.Target.ClassCount),
                TargetKind.Binary => random.Next(2),
                TargetKind.Input => inputs[i],
                _ => Normal(random),
            };
        }
    }

    public static float Normal(Random random)
        => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
}
