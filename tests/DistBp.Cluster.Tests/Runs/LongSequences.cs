using DistBp.Cluster.Configuration;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Runs;

/// <summary>256 sequences of 200 numbers; the class says whether the last five are positive in sum.</summary>
internal sealed class LongSequences : IDisposable
{
    private const int Count = 256, Length = 200;
    private readonly TemporaryFolder _folder = new();

    public LongSequences()
    {
        var random = new Random(1);
        float[] x = [.. Enumerable.Range(0, Count * Length).Select(_ => (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 2)];
        float[] y = [.. Enumerable.Range(0, Count).Select(i => x.AsSpan((i + 1) * Length - 5, 5).ToArray().Sum() > 0 ? 1f : 0f)];
        Write("x.npy", new TensorShape(Count, Length, 1), x);
        Write("y.npy", new TensorShape(Count), y);
    }

    public void Dispose() => _folder.Dispose();

    public async Task<RunProbe> TrainAsync(string clip)
    {
        string job = $$"""
            data: {format: npy, train: {x: x.npy, y: y.npy}, shape: [200, 1]}
            model: {layers: [{rnn: {units: 32, recurrentGain: 2} }, {dense: 2}]}
            loss: softmaxCrossEntropy
            optimizer: {sgd: {rate: 0.01} }
            clip: {{clip}}
            batch: 32
            slices: 4
            epochs: 6
            """;
        JobDescription parsed = JobFile.Parse(job, "job.yaml", [], "sequences", Path.GetDirectoryName(_folder["x.npy"])!);
        return (await TestRun.WholeAsync(parsed, 2, 2)).Probe;
    }

    private void Write(string name, TensorShape shape, float[] values)
    {
        using FileStream file = File.Create(_folder[name]);
        NpyWriter.Write(file, shape, values);
    }
}
