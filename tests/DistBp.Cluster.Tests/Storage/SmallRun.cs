using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Encodings;

namespace DistBp.Cluster.Tests.Storage;

/// <summary>A small model, its parameters and optimizer state, from a seed.</summary>
internal static class SmallRun
{
    public static readonly string[] AdamStates = ["firstMoment", "secondMoment"];

    /// <summary>Trained: 3·inputs + 3 parameters; then 3 that are not.</summary>
    public static ParameterLayout Layout(int inputs = 4) => new(
    [
        ("dense", [new("weight", new TensorShape(3, inputs), ParameterKind.Weight, inputs, 3), new("bias", new TensorShape(3), ParameterKind.Bias, inputs, 3)], false),
        ("norm", [new("mean", new TensorShape(3), ParameterKind.RunningStatistic, 3, 3)], false),
    ]);

    public static CheckpointIdentity Identity(ParameterLayout? layout = null, int seed = 1, int slices = 4) =>
        new("job-hash", seed, slices, 32, layout ?? Layout(), "adam", AdamStates);

    public static float[] Floats(int count, int seed)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (int i = 0; i < count; i++) values[i] = (random.NextSingle() - 0.5f) * 4;
        return values;
    }

    /// <param name="ends">Where each shard ends; the last is the count of trained parameters.</param>
    public static OptimizerShard[] Shards(float[][] states, params int[] ends)
    {
        var shards = new OptimizerShard[ends.Length];
        for (int i = 0, begin = 0; i < ends.Length; begin = ends[i++])
        {
            int from = begin, to = ends[i];
            shards[i] = new OptimizerShard(from, to - from, [.. states.Select(s => new ReadOnlyMemory<float>(s, from, to - from))]);
        }
        return shards;
    }

    public static SubtreeResidual[] Residuals(int count) => [new(new Subtree(0, 2), Floats(count, 51), 32), new(new Subtree(2, 2), Floats(count, 52), 32)];

    public static CheckpointContent Content(long step, CheckpointIdentity? identity = null, bool best = false)
    {
        identity ??= Identity();
        int trained = identity.Layout.TrainedCount;
        float[][] states = [Floats(trained, 100 + (int)step), Floats(trained, 200 + (int)step)];
        return new CheckpointContent(
            identity,
            new CheckpointPosition(step, 2, 5),
            Floats(identity.Layout.Count, (int)step),
            Shards(states, trained / 3, trained),
            new Dictionary<string, double> { ["bestLoss"] = 1 / 3.0, ["noneYet"] = double.PositiveInfinity, ["negativeZero"] = -0.0, ["missing"] = double.NaN },
            best ? Floats(identity.Layout.Count, 7) : default(ReadOnlyMemory<float>));
    }
}
