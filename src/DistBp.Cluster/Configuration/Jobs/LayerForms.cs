using DistBp.Cluster.Configuration.Forms;
using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Recurrent;
using DistBp.Learning.Layers;
using static DistBp.Cluster.Configuration.Forms.Numbers;

namespace DistBp.Cluster.Configuration.Jobs;

/// <summary>How layers are written in a job file. A new layer is one more entry.</summary>
internal static class LayerForms
{
    private const int MaxUnits = 1 << 24;

    private static readonly OptionalForm<bool> s_optionalFlag = new(FlagForm.Instance);

    private static readonly PlaneForm s_sides = new(1, 1 << 16, 3);

    private static readonly WordForm<RecurrentCell> s_rnnActivation = new(
        "activation", [("tanh", RecurrentCell.Tanh), ("relu", RecurrentCell.Relu)], []);

    public static readonly OneOfForm<LayerDescription> Layer = new("layer", l => l.Kind,
    [
        Of("dense", new DenseDescription(null, 0), (f, l) => l with
        {
            Name = f.Optional("name", l.Name, TextForm.Name),
            Units = f.Field("units", l.Units, Count(1, MaxUnits), required: true),
            // Written only where it is set: "dense: 10" stays short.
            TimeDistributed = f.Field("timeDistributed", l.TimeDistributed ? true : null, s_optionalFlag) ?? false,
        }, shorthand: "units"),
        Recurrent("rnn", RecurrentCell.Tanh),
        Recurrent("lstm", RecurrentCell.Lstm),
        Recurrent("gru", RecurrentCell.Gru),
        Activation(ActivationKind.Sigmoid),
        Activation(ActivationKind.Tanh),
        Activation(ActivationKind.Relu),
        Activation(ActivationKind.LeakyRelu),
        Activation(ActivationKind.Gelu),
        Of("conv2d", new Conv2dDescription(null, 0), (f, l) => l with
        {
            Name = f.Optional("name", l.Name, TextForm.Name),
            Filters = f.Field("filters", l.Filters, Count(1, MaxUnits, 32), required: true),
            Kernel = f.Field("kernel", l.Kernel, s_sides),
            Stride = f.Field("stride", l.Stride, s_sides),
            Padding = f.Field("padding", l.Padding, PaddingForm.Instance),
            Dilation = f.Field("dilation", l.Dilation, s_sides),
            Groups = f.Field("groups", l.Groups, Count(1, MaxUnits, 1)),
        }, shorthand: "filters"),
        Pool(PoolKind.Max),
        Pool(PoolKind.Average),
        Of("globalAveragePool", new GlobalAveragePoolDescription(null), (f, l) => l with { Name = f.Optional("name", l.Name, TextForm.Name) }),
        Of("softmax", new SoftmaxDescription(null), (f, l) => l with { Name = f.Optional("name", l.Name, TextForm.Name) }),
        Of("batchNorm", new BatchNormDescription(null), (f, l) => l with
        {
            Name = f.Optional("name", l.Name, TextForm.Name),
            Momentum = f.Field("momentum", l.Momentum, Factor),
            Epsilon = f.Field("epsilon", l.Epsilon, Positive),
        }),
        Of("embedding", new EmbeddingDescription(null, 0, 0), (f, l) => l with
        {
            Name = f.Optional("name", l.Name, TextForm.Name),
            Vocabulary = f.Field("vocabulary", l.Vocabulary, Count(1, EmbeddingDescription.MaxVocabulary, sample: 1000), required: true),
            Size = f.Field("size", l.Size, Count(1, MaxUnits, sample: 32), required: true),
        }),
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
    ],
    beside: "name");

    public static readonly ListForm<LayerDescription> Layers = new(
        Layer, "a list of layers", mayBeEmpty: false, sample: "[{dense: 64}, relu, {dense: 10}]");

    public static readonly WordForm<WeightInitialization> Initialization = WordForm.Of<WeightInitialization>("initialization");

    private static Variant<LayerDescription> Of<T>(string word, T prototype, Func<IFields, T, T> describe, string? shorthand = null)
        where T : LayerDescription => Variant<LayerDescription>.Of(word, prototype, describe, shorthand);

    private static Variant<LayerDescription> Recurrent(string word, RecurrentCell cell) =>
        Of(word, new RecurrentDescription(null, cell, 0), (f, l) =>
        {
            l = l with
            {
                Name = f.Optional("name", l.Name, TextForm.Name),
                Units = f.Field("units", l.Units, Count(1, MaxUnits), required: true),
                ReturnSequences = f.Field("returnSequences", l.ReturnSequences, FlagForm.Instance),
                Bidirectional = f.Field("bidirectional", l.Bidirectional, FlagForm.Instance),
                Truncation = f.Field("truncation", l.Truncation, Count(0)),
                RecurrentGain = f.Field("recurrentGain", l.RecurrentGain, NotNegative),
            };
            return cell is RecurrentCell.Tanh ? l with { Cell = f.Field("activation", l.Cell, s_rnnActivation) } : l;
        }, shorthand: "units");

    private static Variant<LayerDescription> Activation(ActivationKind function)
    {
        var prototype = new ActivationDescription(null, function);
        return Of(prototype.Kind, prototype, (f, l) => l with { Name = f.Optional("name", l.Name, TextForm.Name) });
    }

    private static Variant<LayerDescription> Pool(PoolKind function)
    {
        var prototype = new PoolDescription(null, function, default, null, Padding.Valid);
        return Of(prototype.Kind, prototype, (f, l) =>
        {
            Plane size = f.Field("size", l.Size, s_sides, required: true);
            return l with
            {
                Name = f.Optional("name", l.Name, TextForm.Name),
                Size = size,
                Stride = f.Field("stride", l.Stride ?? size, s_sides),
                Padding = f.Field("padding", l.Padding, PaddingForm.Instance),
            };
        }, shorthand: "size");
    }
}
