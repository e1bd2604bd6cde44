using DistBp.Cluster.Configuration;

namespace DistBp.Cluster.Benchmarks;

/// <summary>The jobs whose steps are measured: the models that PyTorch is compared with, on Fashion-MNIST.</summary>
internal static class BenchmarkJob
{
    public const int Classes = 10;

    private const string Text = """
        data:
          format: idx
          train:
            x: /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
            y: /usr/share/datasets/fashion-mnist/train-labels-idx1-ubyte.gz
          preprocess: [{divide: 255}]
        loss: softmaxCrossEntropy
        optimizer: {adam: {rate: 0.001}}
        epochs: 4

        """;

    /// <summary>784-512-256-10: 535,818 parameters.</summary>
    public static JobDescription Mlp(int batch, params string[] settings) => JobFile.Parse(
        Text + "model: {layers: [flatten, {dense: 512}, relu, {dense: 256}, relu, {dense: 10}]}",
        "the benchmark's job", [$"batch={batch}", .. settings], "mlp", Directory.GetCurrentDirectory());
}
