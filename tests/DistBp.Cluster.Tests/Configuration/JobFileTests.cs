using DistBp.Cluster.Configuration;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using DistBp.Learning.Optimizers;
using DistBp.Learning.Schedules;

namespace DistBp.Cluster.Tests.Configuration;

public sealed class JobFileTests
{
    private const string Full = """
        name: full
        seed: 7
        data:
          format: npy
          target: input
          train: {x: a/x.npy}
          test: {x: b/x.npy, y: b/y.npy}
          validation: 0.25
          shape: [1, 4, 4]
          preprocess: [{divide: 16}, standardize, minMax, {impute: median}, {impute: 3.5}, dropConstant]
        model:
          initialization: xavierNormal
          layers:
            - flatten
            - dense: {units: 5, name: head}
            - batchNorm: {momentum: 0.2, epsilon: 0.001}
            - gelu
            - dense: 16
              name: "out.2"
        loss: {huber: 0.1}
        optimizer: {sgd: {rate: 0.5, momentum: 0.9, nesterov: true, weightDecay: 1e-4}}
        schedule: {step: {everyEpochs: 3, factor: 0.5, warmupSteps: 9}}
        clip: {globalNorm: 1.5, value: 2, parameterNorm: 3}
        regularization: {l2: 0.001, l1: 0.002}
        batch: 96
        epochs: 4
        slices: 6
        consistency: bsp
        wire: {gradients: f32, parameters: f32}
        replication: 0
        earlyStopping: {metric: trainLoss, patience: 2, minDelta: 0.01, restoreBest: false}
        checkpoint: {everySteps: 20, keep: 2}
        initialWeights: old.safetensors
        partial: true
        freeze: [head]
        """;

    [Fact]
    public void Every_key_arrives_where_it_belongs()
    {
        JobDescription job = JobText.Parse(Full);
        Assert.Equal("full", job.Name);
        Assert.Equal(7, job.Seed);
        Assert.Equal(DataFormat.Npy, job.Data.Format);
        Assert.Equal(TargetKind.Input, job.Target);
        Assert.Equal(new TensorFiles("a/x.npy", null), job.Data.Train);
        Assert.Equal(new TensorFiles("b/x.npy", "b/y.npy"), job.Data.Test);
        Assert.Equal(new Fraction(0.25), job.Data.Validation);
        Assert.Equal(new TensorShape(1, 4, 4), job.Data.Shape);
        Assert.Equal(
            [
                new DivideStep(16), new StandardizeStep(), new MinMaxStep(), new ImputeStep(ImputeStrategy.Median),
                new ImputeStep(ImputeStrategy.Constant, 3.5), new DropConstantStep(),
            ],
            job.Data.Preprocess);
        Assert.Equal(WeightInitialization.XavierNormal, job.Model.Initialization);
        Assert.Equal(
            [
                new FlattenDescription(null), new DenseDescription("head", 5), new BatchNormDescription(null, 0.2, 0.001),
                new ActivationDescription(null, ActivationKind.Gelu),
                new DenseDescription("out.2", 16),
            ],
            job.Model.Layers);
        Assert.Equal(["head"], job.Model.Frozen);
        Assert.Equal(new LossDescription(LossKind.Huber, 0.1f), job.Loss);
        Assert.Equal(new SgdDescription(0.5, 0.9, true, 1e-4), job.Optimizer);
        Assert.Equal(new StepSchedule(3, 0.5, 9), job.Schedule);
        Assert.Equal(new ClipDescription(1.5, 2, 3), job.Clip);
        Assert.Equal(new RegularizationDescription(0.001, 0.002), job.Regularization);
        Assert.Equal((96, 4, 6), (job.Batch, job.Epochs, job.Slices));
        Assert.Equal(new EarlyStoppingDescription("trainLoss", 2, 0.01, false), job.EarlyStopping);
        Assert.Equal(new CheckpointDescription(20, 2), job.Checkpoint);
        Assert.Equal(("old.safetensors", true), (job.InitialWeights, job.Partial));
    }

    [Fact]
    public void Data_model_and_loss_are_all_that_a_job_needs()
    {
        JobDescription job = JobText.Parse(JobText.Minimal);
        Assert.Equal("test", job.Name);
        Assert.Equal(new CsvFile("iris.csv", "species", null), job.Data.Train);
        Assert.Equal(TargetKind.Classes, job.Target);
        Assert.Equal(new AdamDescription(), job.Optimizer);
        Assert.Equal(new ConstantSchedule(), job.Schedule);
        Assert.Equal((1, 64, 10, 2), (job.Seed, job.Batch, job.Epochs, job.Slices));
        Assert.Equal(new CheckpointDescription(500, 3), job.Checkpoint);
        Assert.Null(job.EarlyStopping);
        Assert.Null(job.InitialWeights);
    }

    [Theory]
    [InlineData("binaryCrossEntropy", TargetKind.Binary)]
    [InlineData("meanSquaredError", TargetKind.Values)]
    [InlineData("huber", TargetKind.Values)]
    public void The_loss_says_what_the_targets_are(string loss, TargetKind target) =>
        Assert.Equal(target, JobText.Parse(JobText.Minimal, $"loss={loss}").Target);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(63, 1)]
    [InlineData(64, 2)]
    [InlineData(256, 8)]
    [InlineData(300, 8)]
    [InlineData(100_000, 64)]
    public void Slices_follow_from_the_batch(int batch, int slices) =>
        Assert.Equal(slices, JobText.Parse(JobText.Minimal, $"batch={batch}").Slices);

    [Fact]
    public void A_csv_file_of_another_part_has_the_training_parts_columns()
    {
        JobDescription job = JobText.Parse(JobText.Minimal, "data.train.features=[a, 2]", "data.test={path: t.csv}");
        Assert.Equal("species", Assert.IsType<CsvFile>(job.Data.Test).Label);
        Assert.Equal(["a", "2"], Assert.IsType<CsvFile>(job.Data.Test).Features);
    }

    [Fact]
    public void A_job_that_was_written_and_read_again_is_the_same_job()
    {
        foreach (string text in (string[])[Full, JobText.Minimal])
        {
            JobDescription job = JobText.Parse(text);
            string written = JobFile.Write(job);
            JobDescription again = JobText.Parse(written);
            Assert.Equal(written, JobFile.Write(again));
            Assert.Equal(again, JobText.Parse(written));
            Assert.Equal(job with { Data = again.Data, InitialWeights = again.InitialWeights }, again);
            Assert.Equal(JobFile.Hash(job), JobFile.Hash(again));
        }
    }

    [Theory]
    [InlineData("optimizer={adagrad: {rate: 0.3, epsilon: 1e-9, initialAccumulator: 0.1, weightDecay: 0.2}}")]
    [InlineData("optimizer={rmsprop: {alpha: 0.5, momentum: 0.25}}")]
    [InlineData("optimizer={adam: 0.25}")]
    [InlineData("optimizer={adamw: {beta1: 0.5, beta2: 0.75}}")]
    [InlineData("schedule={inverseTime: 0.01}")]
    [InlineData("schedule={exponential: {factor: 0.95, warmupSteps: 3}}")]
    [InlineData("schedule={cosine: {minimum: 0.1}}")]
    [InlineData("schedule={ramp: {factor: 1e8, steps: 200}}")]
    [InlineData("schedule={plateau: {factor: 0.3, patience: 2, minDelta: 0.1, minRate: 1e-5}}")]
    [InlineData("data.preprocess=[{impute: mean}, {oneHot: [color, \"a: b\", \"null\", \"\\u0007 \\\"\"]}, {selectTop: 3}]")]
    [InlineData("data.train.path=größe 1.csv")]
    [InlineData("data.train.label=\" spaced \"")]
    [InlineData("model.layers=[sigmoid, tanh, {leakyRelu: {name: x}}, softmax, {dense: 3}]")]
    [InlineData("model.layers=[{rnn: {units: 4, activation: relu, recurrentGain: 2.5}}, {gru: 3}, {dense: {units: 3, timeDistributed: true}}]")]
    [InlineData("model.layers=[{lstm: {units: 4, returnSequences: true, bidirectional: true, truncation: 9, name: x}}, {dense: 3}]")]
    [InlineData("wire={gradients: int8, parameters: bf16}")]
    [InlineData("wire={gradients: {topK: 0.025}, parameters: f16}")]
    public void Every_kind_survives_writing_and_reading(string setting)
    {
        JobDescription job = JobText.Parse(JobText.Minimal, setting);
        Assert.NotEqual(JobText.Parse(JobText.Minimal), job);
        string written = JobFile.Write(job);
        JobDescription again = JobText.Parse(written);
        Assert.Equal(job with { Data = again.Data }, again);
        Assert.Equal(job.Data with { Train = null }, again.Data with { Train = null });
        Assert.Equal(Path.GetFullPath(((CsvFile)job.Data.Train!).Path, job.BaseFolder), ((CsvFile)again.Data.Train!).Path);
        Assert.Equal(written, JobFile.Write(again));
    }

    [Fact]
    public void A_written_job_shows_every_default()
    {
        string written = JobFile.Write(JobText.Parse(JobText.Minimal));
        string[] expected =
        [
            "name: test", "seed: 1", "initialization: byActivation", "optimizer: {adam: {rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1E-08, weightDecay: 0}}",
            "schedule: {constant: {warmupSteps: 0}}", "batch: 64", "epochs: 10", "slices: 2", "consistency: bsp",
            "wire: {gradients: f32, parameters: f32}", "replication: 0", "checkpoint: {everySteps: 500, keep: 3}", "partial: false", "freeze: []",
        ];
        Assert.All(expected, line => Assert.Contains(line, written, StringComparison.Ordinal));
    }

    [Fact]
    public void The_embedded_job_is_the_digits_and_takes_overrides()
    {
        Assert.Equal(("digits", DataFormat.Digits), (JobFile.Embedded([]).Name, JobFile.Embedded([]).Data.Format));
        Assert.Equal(3, JobFile.Embedded(["epochs=3"]).Epochs);
    }

    [Fact]
    public void A_file_gives_the_name_and_the_folder()
    {
        string folder = Directory.CreateTempSubdirectory("distbp-job-").FullName;
        try
        {
            string path = Path.Combine(folder, "my iris.yaml");
            File.WriteAllText(path, JobText.Minimal);
            JobDescription job = JobFile.Read(path, []);
            Assert.Equal(("my-iris", folder), (job.Name, job.BaseFolder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
