namespace DistBp.Cli.Tests.Clusters;

/// <summary>Jobs whose bits are compared, as the first words of `distbp train`.</summary>
internal static class TrainedJobs
{
    /// <summary>A dense network of 34,186 parameters in nine blocks.</summary>
    public static string[] Digits(int epochs) => ["train", "--set", $"epochs={epochs}"];

    /// <summary>Batch normalization has statistics a slice, and running ones that travel with the gradient.</summary>
    public static string[] Convolution(TemporaryFolder folder, int epochs) =>
    [
        "train", folder.Write("cnn.yaml", $$$"""
            name: cnn
            seed: 5
            data: {format: digits, test: 0.2, preprocess: [{divide: 16}], shape: [1, 8, 8]}
            model:
              layers:
                - conv2d: {filters: 8, kernel: 3, padding: same}
                - batchNorm
                - relu
                - maxPool2d: 2
                - flatten
                - dense: 64
                - batchNorm
                - relu
                - dense: 10
            loss: softmaxCrossEntropy
            optimizer: {sgd: {rate: 0.05, momentum: 0.9}}
            clip: {globalNorm: 1.0}
            batch: 128
            slices: 8
            epochs: {{{epochs}}}
            """),
    ];

    public static string[] FashionMlp(TemporaryFolder folder)
    {
        string data = "/usr/share/datasets/fashion-mnist";
        return
        [
            "train", folder.Write("fashion.yaml", $$$"""
                name: fashion-mlp
                data:
                  format: idx
                  train: {x: {{{data}}}/train-images-idx3-ubyte.gz, y: {{{data}}}/train-labels-idx1-ubyte.gz}
                  test: {x: {{{data}}}/t10k-images-idx3-ubyte.gz, y: {{{data}}}/t10k-labels-idx1-ubyte.gz}
                  preprocess: [{divide: 255}]
                model: {layers: [flatten, {dense: 512}, relu, {dense: 256}, relu, {dense: 10}]}
                loss: softmaxCrossEntropy
                optimizer: {adam: {rate: 0.001}}
                batch: 256
                epochs: 2
                """),
        ];
    }

    /// <returns>The weights of the job trained in one process.</returns>
    public static string Reference(TemporaryFolder folder, string[] job)
    {
        CommandRun.Succeed(folder, [.. job, "--quiet", "--out", "reference"]);
        return SampleJobs.WeightsOf(folder, "reference");
    }

    /// <summary>A cluster.hocon with which tensors go through shared memory, or over gRPC as between machines.</summary>
    /// <param name="pause">In seconds, before who is silent is lost.</param>
    public static string[] Lane(TemporaryFolder folder, bool sharedMemory, int pause = 30) =>
        ["--config", folder.Write("lane.hocon", $$"""
        distbp {
          wire { shared-memory = {{(sharedMemory ? "on" : "off")}} }
          # Nobody is lost on a busy machine; who is killed is, for its connections break.
          failure-detector { acceptable-pause = {{pause}}s }
        }

        """)];
}
