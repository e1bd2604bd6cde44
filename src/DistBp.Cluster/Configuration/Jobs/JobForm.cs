using DistBp.Learning.Data;
using DistBp.Cluster.Configuration.Forms;
using DistBp.Learning.Layers;
using DistBp.Learning.Optimizers;
using DistBp.Learning.Schedules;
using static DistBp.Cluster.Configuration.Forms.Numbers;

namespace DistBp.Cluster.Configuration.Jobs;

/// <summary>The job file as a whole: its keys, their defaults and limits, in the order in which they are written.</summary>
internal static class JobForm
{
    public const int MaxSlices = 1024;

    private static readonly MapForm<ModelDescription> Model = new(
        new ModelDescription(WeightInitialization.ByActivation, new ValueList<LayerDescription>([]), new ValueList<string>([])),
        (f, m) => m with
        {
            Initialization = f.Field("initialization", m.Initialization, LayerForms.Initialization),
            Layers = f.Field("layers", m.Layers, LayerForms.Layers, required: true),
        },
        sample: "{layers: [{dense: 64}, relu, {dense: 10}]}");

    private static readonly MapForm<CheckpointDescription> Checkpoint = new(new CheckpointDescription(EverySteps: 500, Keep: 3), (f, c) => c with
    {
        EverySteps = f.Field("everySteps", c.EverySteps, Count(1, sample: 500)),
        Keep = f.Field("keep", c.Keep, Count(1, sample: 3)),
    });

    private static readonly StatisticsDescription Sampled = new(EverySteps: 100);

    private static readonly MapForm<StatisticsDescription> Statistics = new(
        Sampled, (f, s) => s with { EverySteps = f.Field("everySteps", s.EverySteps, Count(0, sample: 100)) }, shorthand: "everySteps");

    private static readonly OneOfForm<NonFiniteDescription> NonFinite = new("choice", n => n.MaxSkips > 0 ? "skip" : "stop",
    [
        Variant<NonFiniteDescription>.Of("stop", NonFiniteDescription.Stop),
        Variant<NonFiniteDescription>.Of("skip", new NonFiniteDescription(MaxSkips: 10),
            (f, n) => n with { MaxSkips = f.Field("inARow", n.MaxSkips, Count(1, sample: 10)) }, shorthand: "inARow"),
    ],
    notAvailable: []);

    private static readonly MapForm<EarlyStoppingDescription> EarlyStopping = new(
        new EarlyStoppingDescription("validationLoss", Patience: 3, MinDelta: 0, RestoreBest: true), (f, e) => e with
        {
            Metric = f.Field("metric", e.Metric, new WordForm<string>("metric", [.. Metrics.Select(m => (m, m))], [])),
            Patience = f.Field("patience", e.Patience, Count(1, sample: 3)),
            MinDelta = f.Field("minDelta", e.MinDelta, NotNegative),
            RestoreBest = f.Field("restoreBest", e.RestoreBest, FlagForm.Instance),
        });

    private static readonly ListForm<string> LayerNames = new(TextForm.Name, "a list of layers' names", mayBeEmpty: true);

    private static readonly NamesForm<string> Rename = new(TextForm.Any, "a map of names", sample: "{features.0.weight: dense1.weight}");

    private static readonly NamesForm<double> Rates = new(
        new NumberForm<double>("above 0 (a layer that is not to be trained goes into \"freeze\")", x => x > 0, "0.1"),
        "a map from layers' names to factors of the learning rate", sample: "{dense1: 0.1}");

    private const int MaxReplication = 2;

    private static string[] Metrics => ["validationLoss", "validationAccuracy", "trainLoss", "trainAccuracy"];

    /// <param name="name">What the job is called where the file does not say.</param>
    public static MapForm<JobDescription> Create(string name, string baseFolder) => new(
        // Data, model and loss are required: no one sees a job without them.
        new JobDescription(name, Seed: 1, null!, null!, null!, new AdamDescription(), new ConstantSchedule(), new ClipDescription(),
            new RegularizationDescription(), Batch: 64, Epochs: 10, Slices: 0, null, new CheckpointDescription(500, 3), NonFiniteDescription.Stop, Sampled, null, Partial: false, baseFolder),
        Describe);

    private static JobDescription Describe(IFields f, JobDescription job)
    {
        job = job with
        {
            Name = f.Field("name", job.Name, TextForm.Name),
            Seed = f.Field("seed", job.Seed, Count(0, sample: 1)),
            Data = f.Field("data", job.Data, DataForm.Data, required: true),
            Model = f.Field("model", job.Model, Model, required: true),
            Loss = f.Field("loss", job.Loss, OptimizerForms.Loss, required: true),
            Optimizer = f.Field("optimizer", job.Optimizer, OptimizerForms.Optimizer),
            Schedule = f.Field("schedule", job.Schedule, ScheduleForms.Schedule),
            Clip = f.Field("clip", job.Clip, OptimizerForms.Clip),
            Regularization = f.Field("regularization", job.Regularization, OptimizerForms.Regularization),
            Batch = f.Field("batch", job.Batch, Count(1, 1 << 20, sample: 64)),
            Epochs = f.Field("epochs", job.Epochs, Count(1, 1_000_000)),
        };
        if (job.Model is not null && job.Data is not null) job = job with { Data = DataForm.Encode(job.Data, job.Model) };
        job = job with { Slices = f.Field("slices", job.Slices > 0 ? job.Slices : MiniBatchGeometry.DefaultSlices(job.Batch), Count(1, MaxSlices, sample: 8)) };
        job = job with
        {
            Consistency = f.Field("consistency", job.Consistency, ConsistencyForms.Consistency),
            Wire = f.Field("wire", job.Wire, WireForms.Wire),
            Replication = f.Field("replication", job.Replication, Count(0, MaxReplication, sample: 1)),
            EarlyStopping = f.Optional("earlyStopping", job.EarlyStopping, EarlyStopping),
            Checkpoint = f.Field("checkpoint", job.Checkpoint, Checkpoint),
            NonFinite = f.Optional("onNonFinite", job.NonFinite, NonFinite),
            Statistics = f.Optional("statistics", job.Statistics, Statistics),
            InitialWeights = f.Optional("initialWeights", job.InitialWeights, TextForm.Path),
            Partial = f.Field("partial", job.Partial, FlagForm.Instance),
            // Left out where there are none: the job's hash is that of versions that did not know them.
            Rename = f.Optional("rename", job.Rename.Count > 0 ? job.Rename : null, Rename) ?? job.Rename,
            Rates = f.Optional("rates", job.Rates.Count > 0 ? job.Rates : null, Rates) ?? job.Rates,
        };
        IReadOnlyList<string> frozen = f.Field("freeze", job.Model?.Frozen ?? new ValueList<string>([]), LayerNames);
        return job.Model is null ? job : job with { Model = job.Model with { Frozen = frozen } };
    }
}
