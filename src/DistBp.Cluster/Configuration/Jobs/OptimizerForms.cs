using DistBp.Cluster.Configuration.Forms;
using DistBp.Learning.Losses;
using DistBp.Learning.Optimizers;
using static DistBp.Cluster.Configuration.Forms.Numbers;

namespace DistBp.Cluster.Configuration.Jobs;

/// <summary>How optimizers, losses and the treatment of gradients are written in a job file. A new optimizer is one more entry.</summary>
internal static class OptimizerForms
{
    public static readonly OneOfForm<OptimizerDescription> Optimizer = new("optimizer", o => o.Kind,
    [
        Of(new SgdDescription(), (f, o) => o with
        {
            Rate = f.Field("rate", o.Rate, Positive),
            Momentum = f.Field("momentum", o.Momentum, Decay),
            Nesterov = f.Field("nesterov", o.Nesterov, FlagForm.Instance),
            WeightDecay = f.Field("weightDecay", o.WeightDecay, NotNegative),
        }),
        Of(new AdagradDescription(), (f, o) => o with
        {
            Rate = f.Field("rate", o.Rate, Positive),
            Epsilon = f.Field("epsilon", o.Epsilon, Positive),
            InitialAccumulator = f.Field("initialAccumulator", o.InitialAccumulator, NotNegative),
            WeightDecay = f.Field("weightDecay", o.WeightDecay, NotNegative),
        }),
        Of(new RmspropDescription(), (f, o) => o with
        {
            Rate = f.Field("rate", o.Rate, Positive),
            Alpha = f.Field("alpha", o.Alpha, Decay),
            Epsilon = f.Field("epsilon", o.Epsilon, Positive),
            Momentum = f.Field("momentum", o.Momentum, Decay),
            WeightDecay = f.Field("weightDecay", o.WeightDecay, NotNegative),
        }),
        Of(new AdamDescription(), (f, o) => o with
        {
            Rate = f.Field("rate", o.Rate, Positive),
            Beta1 = f.Field("beta1", o.Beta1, Decay),
            Beta2 = f.Field("beta2", o.Beta2, Decay),
            Epsilon = f.Field("epsilon", o.Epsilon, Positive),
            WeightDecay = f.Field("weightDecay", o.WeightDecay, NotNegative),
        }),
        Of(new AdamwDescription(), (f, o) => o with
        {
            Rate = f.Field("rate", o.Rate, Positive),
            Beta1 = f.Field("beta1", o.Beta1, Decay),
            Beta2 = f.Field("beta2", o.Beta2, Decay),
            Epsilon = f.Field("epsilon", o.Epsilon, Positive),
            WeightDecay = f.Field("weightDecay", o.WeightDecay, NotNegative),
        }),
    ],
    notAvailable: ["lamb"]);

    public static readonly OneOfForm<LossDescription> Loss = new("loss", l => WordForm.CamelCase(l.Kind),
    [
        Variant<LossDescription>.Of("softmaxCrossEntropy", new LossDescription(LossKind.SoftmaxCrossEntropy)),
        Variant<LossDescription>.Of("binaryCrossEntropy", new LossDescription(LossKind.BinaryCrossEntropy)),
        Variant<LossDescription>.Of("meanSquaredError", new LossDescription(LossKind.MeanSquaredError)),
        Variant<LossDescription>.Of("huber", new LossDescription(LossKind.Huber),
            (f, l) => l with { HuberDelta = f.Field("delta", l.HuberDelta, PositiveSingle) }, shorthand: "delta"),
    ],
    notAvailable: []);

    public static readonly MapForm<ClipDescription> Clip = new(new ClipDescription(), (f, c) => c with
    {
        GlobalNorm = f.Field("globalNorm", c.GlobalNorm, OptionalPositive),
        Value = f.Field("value", c.Value, OptionalPositive),
        ParameterNorm = f.Field("parameterNorm", c.ParameterNorm, OptionalPositive),
    }, sample: "{globalNorm: 1.0}");

    public static readonly MapForm<RegularizationDescription> Regularization = new(new RegularizationDescription(), (f, r) => r with
    {
        L2 = f.Field("l2", r.L2, NotNegative),
        L1 = f.Field("l1", r.L1, NotNegative),
    }, sample: "{l2: 0.001}");

    private static OptionalForm<double> OptionalPositive => new(Positive);

    private static Variant<OptimizerDescription> Of<T>(T prototype, Func<IFields, T, T> describe) where T : OptimizerDescription =>
        Variant<OptimizerDescription>.Of(prototype.Kind, prototype, describe, shorthand: "rate");
}
