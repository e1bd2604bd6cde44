using System.Runtime.CompilerServices;
using System.Text.Json;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;

namespace DistBp.Cluster.Tests.Storage;

/// <summary>A file with the names and types of PyTorch, which Golden/make_pytorch_weights.py wrote.</summary>
public sealed class PyTorchWeightsTests
{
    private const int Rows = 4, Classes = 3;

    private static readonly KeyValuePair<string, string>[] s_rename =
    [
        new("features.0.*", "dense1.*"), new("features.1.*", "layerNorm1.*"), new("features.3.weight", "dense2.weight"),
        new("features.3.bias", "dense2.bias"), new("classifier.*", "head.*"),
    ];

    [Fact]
    public void Renamed_it_gives_the_answers_that_PyTorch_gives()
    {
        Network network = Build(Classes);
        var parameters = new float[network.Parameters.Count];
        Assert.Equal(8, ParameterFile.Load(Golden("pytorch.safetensors"), network.Parameters, parameters, rename: s_rename).Count);
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(Golden("pytorch.json")));
        NetworkWorkspace workspace = network.CreateWorkspace(Rows, 1);
        Numbers(golden, "x").CopyTo(workspace.Inputs);
        float[] expected = Numbers(golden, "y"), outputs = new float[Rows * Classes];

        network.Predict(workspace, parameters, Rows, outputs);

        for (int i = 0; i < outputs.Length; i++) Assert.Equal(expected[i], outputs[i], 1e-5f);
    }

    [Fact]
    public void All_differences_in_shape_are_told_at_once_with_the_files_names()
    {
        string[] problems = Problems(Build(classes: 4), s_rename);
        Assert.Equal(
            [
                "parameter 'head.weight' has shape [3, 6] in the file (where it is 'classifier.weight'), the model needs [4, 6]",
                "parameter 'head.bias' has shape [3] in the file (where it is 'classifier.bias'), the model needs [4]",
            ],
            problems);
        Network network = Build(classes: 4);
        IReadOnlyList<string> loaded = ParameterFile.Load(
            Golden("pytorch.safetensors"), network.Parameters, new float[network.Parameters.Count], partial: true, s_rename);
        Assert.Equal(network.Parameters.Views.Select(v => v.Name).Where(n => !n.StartsWith("head", StringComparison.Ordinal)), loaded);
    }

    [Fact]
    public void Rules_that_name_what_is_not_there_or_meet_are_told_at_once()
    {
        string[] problems = Problems(
            Build(Classes), [.. s_rename, new("feature.9.weight", "x"), new("__metadata__*", "head.*"), new("features.1.bias", "head.bias")]);
        Assert.Equal(
            [
                "the file has no tensor 'feature.9.weight'", "the file has no tensor '__metadata__*'", "the file has no tensor 'features.1.bias'",
            ],
            problems);
        Assert.Equal(["the model has no parameter 'dense9.*'"], Problems(Build(Classes), [new("features.0.*", "dense9.*")]));
        Assert.Equal(
            ["'features.3.weight' and 'features.0.weight' of the file both become 'dense1.weight'"],
            Problems(Build(Classes), [new("features.0.weight", "dense1.weight"), new("features.3.weight", "dense1.weight")]));
    }

    private static string[] Problems(Network network, IReadOnlyList<KeyValuePair<string, string>> rename) =>
    [
        .. Assert.Throws<UserException>(() => ParameterFile.Load(
            Golden("pytorch.safetensors"), network.Parameters, new float[network.Parameters.Count], rename: rename)).Problems.Select(p => p.What),
    ];

    // Values as they are: a mean squared error applies nothing to the outputs.
    private static Network Build(int classes) => Network.Build(
        new ModelDescription(
            WeightInitialization.ByActivation,
            [
                new DenseDescription(null, 8), new LayerNormDescription(null), new ActivationDescription(null, ActivationKind.Tanh),
                new DenseDescription(null, 6), new ActivationDescription(null, ActivationKind.Tanh), new DenseDescription("head", classes),
            ],
            []),
        new TensorShape(5), new TargetDescription(TargetKind.Values, new TensorShape(classes), 0), new LossDescription(LossKind.MeanSquaredError));

    private static float[] Numbers(JsonDocument golden, string key) =>
        [.. golden.RootElement.GetProperty(key).EnumerateArray().Select(e => e.GetSingle())];

    private static string Golden(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Golden", name);
}
