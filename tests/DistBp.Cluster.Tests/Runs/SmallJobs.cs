using DistBp.Cluster.Configuration;

namespace DistBp.Cluster.Tests.Runs;

/// <summary>
/// Jobs over the embedded digits that train in a fraction of a second. 1,079 samples in mini-batches of 100 and six slices: 11 steps an
/// epoch, slices of unequal size, a last mini-batch of 79. 11,386 parameters: three blocks, so that three servers have one each.
/// </summary>
internal static class SmallJobs
{
    public const long StepsPerEpoch = 11;

    public const string Adam = "optimizer: {adam: {rate: 0.003}}";

    /// <summary>A validation loss that soon gets worse: the run stops early, after the rate was lowered.</summary>
    public const string StopsEarly = """
        optimizer: {adam: {rate: 0.05}}
        schedule: {plateau: {patience: 1, factor: 0.7, warmupSteps: 3}}
        earlyStopping: {metric: validationLoss, patience: 3, restoreBest: true}
        epochs: 30
        """;

    private const string Common = """
        name: small
        data: {format: digits, validation: 0.2, test: 0.2, preprocess: [{divide: 16}]}
        model: {layers: [{dense: {units: 96, name: first}}, relu, {dense: 48}, tanh, {dense: 10}]}
        loss: softmaxCrossEntropy
        batch: 100
        slices: 6
        epochs: 2
        clip: {globalNorm: 0.5}

        """;

    /// <summary>Every optimizer; l1, l2, each kind of clipping, each schedule with a warm-up, a frozen layer, a regression, each family of layers.</summary>
    public static readonly Dictionary<string, string> EveryOptimizer = new()
    {
        ["sgd"] = """
            optimizer: {sgd: {rate: 0.1}}
            schedule: {inverseTime: {decay: 0.1, warmupSteps: 5}}
            regularization: {l1: 0.0001, l2: 0.001}
            """,
        ["momentum"] = """
            optimizer: {sgd: {rate: 0.05, momentum: 0.9}}
            schedule: {step: {everyEpochs: 1, factor: 0.5, warmupSteps: 5}}
            clip: {globalNorm: 0.5, value: 0.01}
            """,
        ["nesterov"] = """
            optimizer: {sgd: {rate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.001}}
            schedule: {exponential: {factor: 0.8, warmupSteps: 5}}
            """,
        ["adagrad"] = """
            optimizer: {adagrad: {rate: 0.02}}
            schedule: {cosine: {warmupSteps: 5}}
            """,
        ["rmsprop"] = """
            optimizer: {rmsprop: {rate: 0.001, momentum: 0.9}}
            clip: {globalNorm: 0.5, parameterNorm: 0.3}
            """,
        ["adam"] = """
            optimizer: {adam: {rate: 0.003}}
            schedule: {plateau: {patience: 1, warmupSteps: 5}}
            freeze: [first]
            """,
        ["adamw"] = """
            optimizer: {adamw: {rate: 0.003, weightDecay: 0.02}}
            schedule: {constant: {warmupSteps: 5}}
            regularization: {l1: 0.0001}
            """,
        ["autoencoder"] = """
            data: {format: digits, target: input, validation: 0.2, test: 0.2, preprocess: [{divide: 16}]}
            model: {layers: [{dense: 80}, gelu, {dense: 40}, leakyRelu, {dense: 64}, sigmoid]}
            loss: huber
            optimizer: {adam: {rate: 0.003}}
            """,
        ["lstm"] = """
            data: {format: digits, shape: [8, 8], validation: 0.2, test: 0.2, preprocess: [{divide: 16}]}
            model: {layers: [{lstm: {units: 32, bidirectional: true, returnSequences: true}}, {dense: {units: 12, timeDistributed: true}}, tanh, {gru: {units: 20, truncation: 5}}, {dense: 10}]}
            optimizer: {adam: {rate: 0.003}}
            """,
        ["regularized"] = """
            data: {format: digits, validation: 0.2, test: 0.2, preprocess: [{divide: 16}], augment: [{shift: 1}, {flip: horizontal}, {crop: {padding: 2, fill: edge}}, {noise: 0.1}]}
            model: {layers: [layerNorm, {dense: 96}, relu, {dropout: 0.2}, {residual: [layerNorm, {dense: 48}, gelu, {residual: [{dense: 48}, tanh, {dropout: 0.5}]}, {dense: 96}]}, {dense: 10}]}
            optimizer: {adam: {rate: 0.003}}
            rates: {dense1: 0.3, residual1: 2}
            """,
        ["denoisingAutoencoder"] = """
            data: {format: digits, target: input, validation: 0.2, test: 0.2, preprocess: [{divide: 16}], augment: [{noise: 0.3}]}
            model: {layers: [{dense: 80}, gelu, layerNorm, {dense: 40}, leakyRelu, {dense: 64}]}
            loss: meanSquaredError
            optimizer: {adam: {rate: 0.003}}
            """,
        ["cnn"] = """
            data: {format: digits, shape: [1, 8, 8], validation: 0.2, test: 0.2, preprocess: [{divide: 16}]}
            model: {layers: [{conv2d: {filters: 24, padding: same}}, batchNorm, relu, {maxPool2d: 2}, {residual: [{conv2d: {filters: 24, padding: same}}, relu]}, {conv2d: {filters: 64, kernel: [3, 2], padding: 1, groups: 2}}, tanh, {avgPool2d: {size: 2, stride: 1}}, {dropout: 0.25}, {dense: 10}]}
            optimizer: {adam: {rate: 0.003}}
            """,
        ["batchNorm"] = """
            model: {layers: [batchNorm, {dense: {units: 96, name: first}}, {batchNorm: {momentum: 0.3, epsilon: 0.001}}, relu, {dense: 48}, batchNorm, tanh, {dense: 10}]}
            optimizer: {adam: {rate: 0.003}}
            """,
        // A table of 45,500 after 42,010 dense parameters: rows straddle blocks, and shards of two servers and of three.
        ["embedding"] = """
            data: {format: digits, validation: 0.2, test: 0.2, preprocess: [{divide: 0.25}, {selectTop: 6}]}
            model: {layers: [{embedding: {vocabulary: 65, size: 700}}, {dense: 10}]}
            optimizer: {adam: {rate: 0.003, weightDecay: 0.001}}
            regularization: {l1: 0.0001, l2: 0.001}
            clip: {globalNorm: 0.05, value: 0.01, parameterNorm: 0.04}
            """,
    };

    /// <param name="settings">Top-level keys, each of which takes the place of the common one.</param>
    public static JobDescription Of(string settings, params string[] overrides)
    {
        IEnumerable<string> own = Lines(settings);
        string[] keys = [.. own.Select(KeyOf)];
        IEnumerable<string> common = Lines(Common).Where(line => !keys.Contains(KeyOf(line)));
        return JobFile.Parse(string.Join('\n', common.Concat(own)), "small.yaml", overrides, "small", Path.GetFullPath("."));
    }

    private static IEnumerable<string> Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.TrimEnd('\r'));

    private static string KeyOf(string line) => line[..line.IndexOf(':', StringComparison.Ordinal)];
}
