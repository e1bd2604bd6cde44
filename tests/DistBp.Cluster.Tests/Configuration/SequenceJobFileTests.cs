using DistBp.Cluster.Configuration;
using DistBp.Learning.Data;

namespace DistBp.Cluster.Tests.Configuration;

/// <summary>How sequences, sounds and texts stand in a job file.</summary>
public sealed class SequenceJobFileTests
{
    private const string Rest = "model: {layers: [{dense: 3}]}\nloss: softmaxCrossEntropy\n";

    [Theory]
    [MemberData(nameof(Sources))]
    public void Each_source_arrives_and_is_written_and_read_again(string data, DataSource train, DataSource? test)
    {
        JobDescription job = JobText.Parse($"data: {data}\n{Rest}");
        Assert.Equal(train, job.Data.Train);
        Assert.Equal(test, job.Data.Test);
        Assert.Equal(job, JobText.Parse(JobFile.Write(job)) with { BaseFolder = job.BaseFolder, Data = Relative(job, JobText.Parse(JobFile.Write(job))) });
    }

    public static TheoryData<string, DataSource, DataSource?> Sources => new()
    {
        { "{format: npy, train: {x: x.npy, y: y.npy, lengths: l.txt}}", new TensorFiles("x.npy", "y.npy", "l.txt"), null },
        {
            "{format: wav, train: {folder: in, label: '{label}_*.wav'}, test: {folder: out}}",
            new WavFolder("in", "{label}_*.wav", new SpectrogramDescription()), new WavFolder("out", "{label}_*.wav", new SpectrogramDescription())
        },
        {
            "{format: wav, train: {folder: in, label: '{label}/*', sampleRate: 16000, frameMilliseconds: 32, hopMilliseconds: 12.5, melBands: 24,"
                + " maxSeconds: 1.5}, test: {folder: out, label: '*{label}.wav'}}",
            new WavFolder("in", "{label}/*", new SpectrogramDescription(16_000, 32, 12.5, 24, 1.5)),
            new WavFolder("out", "*{label}.wav", new SpectrogramDescription(16_000, 32, 12.5, 24, 1.5))
        },
        {
            "{format: text, train: {path: a.txt}, test: {path: b.txt}}", new TextFile("a.txt", 64, null, TextEncoding.OneHot),
            new TextFile("b.txt", 64, null, TextEncoding.OneHot)
        },
        { "{format: text, train: {path: a.txt, length: 9, stride: 3, encoding: index}, test: 0.1}", new TextFile("a.txt", 9, 3, TextEncoding.Index), new Fraction(0.1) },
    };

    [Theory]
    [InlineData("{format: wav, train: {folder: in}}", "data.train.label | the key \"label\" is missing")]
    [InlineData("{format: wav, train: in}", "files as {folder: DIR, label: '{label}_*.wav'}")]
    [InlineData("{format: wav, train: {folder: in, label: a, melbands: 3}}", "did you mean \"melBands\"?")]
    [InlineData("{format: wav, train: {folder: in, label: a}, test: {folder: b, melBands: 3}}", "unknown key \"melBands\"")]
    [InlineData("{format: wav, train: {folder: in, label: a}, shape: [1]}", "follows from the keys of data.train")]
    [InlineData("{format: text, train: {path: a, length: 0}}", "a whole number from 1 to 65536")]
    [InlineData("{format: text, train: {path: a, encoding: onehot}}", "did you mean \"oneHot\"?")]
    [InlineData("{format: text, train: {path: a}, preprocess: [standardize]}", "not preprocessed")]
    [InlineData("{format: text, train: {path: a}, target: input}", "targets of their own")]
    public void A_mistake_is_told_with_its_key(string data, string expected) =>
        Assert.Contains(JobText.Problems($"data: {data}\n{Rest}"), p => p.Contains(expected, StringComparison.Ordinal));

    [Fact]
    public void A_text_is_numbers_of_characters_for_an_embedding()
    {
        string model = "model: {layers: [{embedding: {vocabulary: 9, size: 2}}, {dense: 3}]}\nloss: softmaxCrossEntropy\n";
        Assert.Equal(new TextFile("a", 64, null, TextEncoding.Index), JobText.Parse($"data: {{format: text, train: {{path: a}}}}\n{model}").Data.Train);
        Assert.Equal(new TextFile("a", 64, null, TextEncoding.OneHot),
            JobText.Parse($"data: {{format: text, train: {{path: a, encoding: oneHot}}}}\n{model}").Data.Train);
    }

    [Fact]
    public void A_text_takes_the_loss_of_classes() =>
        Assert.Contains("use softmaxCrossEntropy", Assert.Single(JobText.Problems(
            "data: {format: text, train: {path: a}}\nmodel: {layers: [{dense: 3}]}\nloss: huber\n")), StringComparison.Ordinal);

    [Fact]
    public void A_job_is_the_same_job_wherever_its_files_are_but_not_with_other_windows()
    {
        string Hash(string data) => JobFile.Hash(JobText.Parse($"data: {data}\n{Rest}"));
        Assert.Equal(Hash("{format: wav, train: {folder: a/b, label: x}}"), Hash("{format: wav, train: {folder: /c/b/, label: x}}"));
        Assert.Equal(Hash("{format: text, train: {path: a/b.txt}}"), Hash("{format: text, train: {path: b.txt}}"));
        Assert.NotEqual(Hash("{format: text, train: {path: b.txt}}"), Hash("{format: text, train: {path: b.txt, stride: 3}}"));
    }

    // A written job has absolute paths.
    private static DataDescription Relative(JobDescription job, JobDescription written)
    {
        Assert.NotEqual(job.Data.Train, written.Data.Train);
        return written.Data with { Train = job.Data.Train, Test = written.Data.Test is null or Fraction ? written.Data.Test : job.Data.Test };
    }
}
