using DistBp.Cluster.Configuration.Forms;
using DistBp.Learning.Layers;
using static DistBp.Cluster.Configuration.Forms.Numbers;

namespace DistBp.Cluster.Configuration.Jobs;

/// <summary>How layers are written in a job file. A new layer is one more entry.</summary>
internal static class LayerForms
{
    private const int MaxUnits = 1 << 24;

    public static readonly OneOfForm<LayerDescription> Layer = new("layer", l => l.Kind,
    [
        Of("dense", new DenseDescription(null, 0), (f, l) => l with
        {
            Name = f.Optional("name", l.Name, TextForm.Name),
            Units = f.Field("units", l.Units, Count(1, MaxUnits), required: true),
        }, shorthand: "units"),
        Activation(ActivationKind.Sigmoid),
        Activation(ActivationKind.Tanh),
        Activation(ActivationKind.Relu),
        Activation(ActivationKind.LeakyRelu),
        Activation(ActivationKind.Gelu),
        Of("softmax", new SoftmaxDescription(null), (f, l) => l with { Name = f.Optional("name", l.Name, TextForm.Name) }),
        Of("layerNorm", new LayerNormDescription(null), (f, l) => l with
        {
            Name = f.Optional("name", l.Name, TextForm.Name),
            Epsilon = f.Field("epsilon", l.Epsilon, Positive),
        }),
        Of("dropout", new DropoutDescription(null, 0), (f, l) => l with
        {
            Name = f.Optional("name", l.Name, TextForm.Name),
            Probability = f.Field("probability", l.Probability, Decay, required: true),
        }, shorthand: "probability"),
        Of("residual", new ResidualDescription(null, []), (f, l) => l with
        {
            Name = f.Optional("name", l.Name, TextForm.Name),
            Layers = f.Field("layers", l.Layers, Layers!, required: true),
        }, shorthand: "layers"),
        Of("flatten", new FlattenDescription(null), (f, l) => l with { Name = f.Optional("name", l.Name, TextForm.Name) }),
    ],
    notAvailable:
    [
        "conv2d", "maxPool2d", "avgPool2d", "globalAveragePool", "batchNorm", "embedding", "rnn", "lstm", "gru",
    ],
    beside: "name");

    public static readonly ListForm<LayerDescription> Layers = new(
        Layer, "a list of layers", mayBeEmpty: false, sample: "[{dense: 64}, relu, {dense: 10}]");

    public static readonly WordForm<WeightInitialization> Initialization = WordForm.Of<WeightInitialization>("initialization");

    private static Variant<LayerDescription> Of<T>(string word, T prototype, Func<IFields, T, T> describe, string? shorthand = null)
        where T : LayerDescription => Variant<LayerDescription>.Of(word, prototype, describe, shorthand);

    private static Variant<LayerDescription> Activation(ActivationKind function)
    {
        var prototype = new ActivationDescription(null, function);
        return Of(prototype.Kind, prototype, (f, l) => l with { Name = f.Optional("name", l.Name, TextForm.Name) });
    }
}
